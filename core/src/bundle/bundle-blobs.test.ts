import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { utf8 } from "../platform/bytes.ts";
import { parseName, parseSha256 } from "../platform/ids.ts";
import { memoryBlobStore } from "../testing/memory-blob-store.ts";
import {
  bundleBlobs,
  bundleBytes,
  bundleDiff,
  missingBlobs,
  readManifest,
} from "./bundle-blobs.ts";
import type { Manifest } from "./manifest.ts";
import { manifestBytes } from "./manifest-parse.ts";

const blob = (text: string) => ({
  sha256: parseSha256(createHash("sha256").update(text).digest("hex")),
  bytes: text.length,
});
const model = (name: string): Manifest["float"] => ({ graph: blob(`${name} graph`), tensors: {} });
const manifest: Manifest = {
  format: 1,
  line: parseName("pumps"),
  version: 1,
  parent: null,
  float: { ...model("float"), small: blob("small") },
  int8: model("int8"),
  classes: ["normal"],
  pipeline: {
    window: { rateHz: 1000, lengthSamples: 200, hopSamples: 100 },
    channels: [{ name: "x", unit: "m/s2" }],
    features: [],
  },
  golden: {
    windows: blob("windows"),
    expected: blob("expected"),
    count: 1,
    tolerance: { float: 0, int8: 0 },
  },
  metrics: {},
  profile: blob("profile"),
  constraints: { bundleBytesMax: 262_144, latencyP99MsMax: 25 },
  lineage: { problem: blob("problem").sha256, data: [], seed: 1, code: "0.1.0", rounds: [] },
};
const all = ["int8 graph", "float graph", "small", "windows", "expected", "profile"];

test("what serves comes first, and a blob that is named twice is listed once", () => {
  expect(bundleBlobs(manifest)).toEqual(all.map(blob));
  const twice = { ...manifest, profile: blob("small") };
  expect(bundleBlobs(twice)).toEqual(all.slice(0, -1).map(blob));
});

test("size is the manifest and every blob", () => {
  expect(bundleBytes(manifest)).toBe(all.join("").length + manifestBytes(manifest).length);
});

test("only what changed is added, and everything of a first installation", () => {
  const next = { ...manifest, version: 2, float: { ...manifest.float, small: blob("other") } };
  expect(bundleDiff(next, manifest)).toMatchObject({ added: [blob("other")], addedBytes: 5 });
  expect(bundleDiff(next, manifest).reusedBytes).toBe(all.join("").length - "small".length);
  expect(bundleDiff(next, undefined)).toMatchObject({ added: bundleBlobs(next), reusedBytes: 0 });
});

test("what is missing is named, and an installed manifest is read by its identity", async () => {
  const blobs = memoryBlobStore();
  for (const text of all.slice(1)) await blobs.put(utf8(text));
  expect(await missingBlobs(manifest, blobs)).toEqual([blob("int8 graph")]);
  const { sha256 } = await blobs.put(manifestBytes(manifest));
  expect(await readManifest(blobs, sha256)).toEqual(manifest);
});
