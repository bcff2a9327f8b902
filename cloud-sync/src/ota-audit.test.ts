import { fromUtf8, utf8 } from "@edgeloop/core/platform";
import { beforeAll, expect, test } from "vitest";
import { auditRepositoryFile } from "./ota-audit.ts";
import { otaPlant, plantLine } from "./testing.ts";

/** Every file that a gateway fetches on its way to a bundle, as it came. */
const files = new Map<string, Uint8Array>();

beforeAll(async () => {
  const plant = await otaPlant();
  files.set("metadata/1.root.json", plant.signed.root);
  plant.tamper(async (path, honest) => {
    const bytes = await honest();
    if (bytes && !path.startsWith("blobs/")) files.set(path, bytes);
    return bytes;
  });
  const { updater } = await plant.gateway();
  const [release] = await updater.releases(plantLine);
  await updater.fetchBundle(release?.target ?? "");
});

test("every file of a repository passes as it is", () => {
  const kinds = [...files.keys()].map((path) => path.replace(/[^/]*[0-9a-f]{64}|\d+/, "#"));
  expect(kinds.toSorted()).toEqual([
    "metadata/#.root.json",
    "metadata/#.snapshot.json",
    "metadata/#.targets.json",
    "metadata/timestamp.json",
    "targets/lines/#.pumps.json",
    "targets/releases/pumps/#.1.json",
  ]);
  for (const [path, bytes] of files) expect(() => auditRepositoryFile(path, bytes)).not.toThrow();
});

const samples = "AAAAgD8AAABAAABAQAAAgEA=";
/** Ways to put more into a JSON object than its readers look at. */
const stowaways: readonly (readonly [string, (text: string) => string])[] = [
  ["a field more", (text) => text.replace("{", `{"samples":"${samples}",`)],
  ["a field given twice", (text) => text.replace(/^\{("\w+":)/, `{$1"${samples}",$1`)],
  ["space that could be a code", (text) => text.replace(",", ", \t ")],
];

test.for(stowaways)("%s is refused in every file", ([, change]) => {
  for (const [path, bytes] of files) {
    const changed = utf8(change(fromUtf8(bytes)));
    expect(changed).not.toEqual(bytes);
    expect(() => auditRepositoryFile(path, changed), path).toThrow();
  }
});

test("a field more is refused at every depth of metadata", () => {
  for (const [path, bytes] of files) {
    const text = fromUtf8(bytes);
    for (const { index } of path.startsWith("metadata/") ? text.matchAll(/\{(?=")/g) : []) {
      const changed = `${text.slice(0, index + 1)}"samples":"${samples}",${text.slice(index + 1)}`;
      expect(() => auditRepositoryFile(path, utf8(changed)), `${path} at ${index}`).toThrow();
    }
  }
});

test("a file that lies elsewhere is refused", () => {
  const timestamp = files.get("metadata/timestamp.json") ?? utf8("");
  expect(() => auditRepositoryFile("timestamp.json", timestamp)).toThrow(
    expect.objectContaining({ code: "OTA_METADATA_INVALID" }),
  );
});
