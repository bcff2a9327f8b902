import { fromUtf8 } from "@edgeloop/core/platform";
import { beforeAll, expect, test } from "vitest";
import { generateKey } from "./keys.ts";
import { lineOf } from "./ota-line.ts";
import { parseRoot, parseTargets } from "./ota-metadata.ts";
import { rotateRoot, signOffline } from "./ota-offline.ts";
import { targetsOf } from "./ota-sign.ts";
import { beginUpdate, signedTargets, updateRoot } from "./ota-verify.ts";
import type { OtaPlant } from "./testing/ota-plant.ts";
import { otaPlant, plantStartUs } from "./testing/ota-plant.ts";

let plant: OtaPlant;
beforeAll(async () => {
  plant = await otaPlant();
});
const sign = (changes: Partial<Parameters<typeof signOffline>[0]>) =>
  signOffline({
    key: plant.offline,
    onlineKey: plant.online,
    previous: plant.signed,
    nowUs: plantStartUs,
    ...changes,
  });

test("a package names its line and its release, and holds no secret", () => {
  const { root, targets, files } = plant.signed;
  expect([...files.keys()]).toEqual(["lines/pumps.json", "releases/pumps/1.json"]);
  expect([...targetsOf(targets).keys()]).toEqual([...files.keys()]);
  expect(() => signedTargets(beginUpdate(root, 0), targets)).not.toThrow();
  const text = [root, targets, ...files.values()].map(fromUtf8).join();
  expect(text).not.toContain('"d"');
});

test("the online key alone may sign snapshot, timestamp and rounds; the offline key the rest", () => {
  const { roles } = parseRoot(plant.signed.root).signed;
  expect(Object.entries(roles).map(([role, { keyIDs }]) => [role, ...keyIDs])).toEqual([
    ["root", plant.offline.keyId],
    ["targets", plant.offline.keyId],
    ["snapshot", plant.online.keyId],
    ["timestamp", plant.online.keyId],
  ]);
  const { delegations } = parseTargets(plant.signed.targets).signed;
  expect(delegations?.roles?.["rounds-pumps"]).toMatchObject({
    keyIDs: [plant.online.keyId],
    paths: ["rounds/pumps/*"],
    terminating: true,
  });
});

test("what was signed before stays, the version grows, the root is the same", async () => {
  const second = await plant.bundle({ version: 2 }, "second");
  const next = await sign({ releases: [second.bytes] });
  expect(next.root).toEqual(plant.signed.root);
  expect(parseTargets(next.targets).signed.version).toBe(2);
  expect([...targetsOf(next.targets).keys()]).toEqual([
    "lines/pumps.json",
    "releases/pumps/1.json",
    "releases/pumps/2.json",
  ]);
  expect([...next.files.keys()]).toEqual(["releases/pumps/2.json"]);
});

test("the same release may be signed twice, another one of its version may not", async () => {
  await expect(sign({ releases: [plant.first.bytes] })).resolves.toBeDefined();
  const other = await plant.bundle({}, "other");
  await expect(sign({ releases: [other.bytes] })).rejects.toMatchObject({ code: "RELEASE_EXISTS" });
});

test("a release without a line, or outside it, is not signed", async () => {
  const stray = await plant.bundle({ line: "fans" as never });
  await expect(sign({ releases: [stray.bytes] })).rejects.toMatchObject({ code: "LINE_UNKNOWN" });
  const line = lineOf(plant.first.manifest, { parents: [], approve: "operator" });
  const outside = await plant.bundle({ version: 2, classes: ["other"] });
  await expect(sign({ lines: [line], releases: [outside.bytes] })).rejects.toMatchObject({
    code: "LINE_MISMATCH",
  });
});

test("a rotated root is trusted from the one before, and revokes its keys", async () => {
  const [offline, online] = await Promise.all([generateKey(), generateKey()]);
  const keys = { offline, online, retired: plant.offline };
  const next = await rotateRoot(plant.signed.root, keys, plantStartUs);
  const trusted = updateRoot(beginUpdate(plant.signed.root, 0), next);
  expect(trusted.root.signed.version).toBe(2);
  expect(() => signedTargets(trusted, plant.signed.targets)).toThrow(
    expect.objectContaining({ code: "OTA_SIGNATURE_INVALID" }),
  );
});
