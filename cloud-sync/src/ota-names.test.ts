import { expect, test } from "vitest";

import {
  lineTarget,
  metadataFile,
  parseManifestTarget,
  releaseTarget,
  roundTarget,
  targetFile,
} from "./ota-names.ts";

test("a manifest's name and its reading agree", () => {
  expect(parseManifestTarget(releaseTarget("pumps", 3))).toEqual({
    kind: "release",
    line: "pumps",
    version: 3,
  });
  expect(parseManifestTarget(roundTarget("pumps", 12))).toEqual({
    kind: "round",
    line: "pumps",
    version: 12,
  });
});

test.for([
  lineTarget("pumps"),
  "rounds/pumps/0.json",
  "rounds/pumps/01.json",
  "rounds/pumps/1.json/",
  "rounds/pumps/../1.json",
  "rounds/../1.json",
  "rounds/Pumps/1.json",
  "rounds/pumps/1.json\n",
  "other/pumps/1.json",
  "rounds/pumps/9999999999999999.json",
])("%j is no manifest", (path) => {
  expect(parseManifestTarget(path)).toBeUndefined();
});

// File names of the TUF specification, 5.5.1 and 7.1: VERSION.ROLE.json and HASH.NAME.
test("files are named as the specification names them, and a role's name cannot leave the directory", () => {
  expect(metadataFile("snapshot", 42)).toBe("42.snapshot.json");
  expect(metadataFile("timestamp")).toBe("timestamp.json");
  expect(metadataFile("../../etc/passwd", 1)).toBe("1...%2F..%2Fetc%2Fpasswd.json");
  expect(targetFile("lines/pumps.json", "abc")).toBe("targets/lines/abc.pumps.json");
  expect(targetFile("file", "abc")).toBe("targets/abc.file");
});
