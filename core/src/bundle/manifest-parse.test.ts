import { createHash } from "node:crypto";

import fc from "fast-check";
import { expect, test } from "vitest";

import { utf8 } from "../platform/bytes.ts";
import { parseName, parseSha256 } from "../platform/ids.ts";
import type { Manifest } from "./manifest.ts";
import {
  manifestBytes,
  manifestBytesMax,
  manifestIdentity,
  parseManifest,
} from "./manifest-parse.ts";

const hash = (name: string) => parseSha256(createHash("sha256").update(name).digest("hex"));
const blob = (name: string) => ({ sha256: hash(name), bytes: name.length });
const model = (name: string): Manifest["float"] => ({
  graph: blob(`${name} graph`),
  tensors: {
    "head/weight": {
      sha256: hash(`${name} weight`),
      bytes: 1024,
      dtype: "float32",
      shape: [4, 64],
    },
  },
  small: blob(`${name} small`),
});
const manifest: Manifest = {
  format: 1,
  line: parseName("pumps"),
  version: 2,
  parent: hash("parent"),
  float: model("float"),
  int8: model("int8"),
  classes: ["normal", "<script>alert(1)</script>"],
  pipeline: {
    window: { rateHz: 1000, lengthSamples: 200, hopSamples: 100 },
    channels: [{ name: "x", unit: "m/s2" }],
    features: [{ kind: "detrend" }],
  },
  golden: {
    windows: blob("windows"),
    expected: blob("expected"),
    count: 8,
    tolerance: { float: 1e-4, int8: 0.05 },
  },
  metrics: { macroF1: 0.96875 },
  profile: blob("profile"),
  constraints: { bundleBytesMax: 262_144, latencyP99MsMax: 25 },
  lineage: {
    problem: hash("problem"),
    data: [hash("data")],
    seed: 1,
    code: "0.1.0",
    rounds: ["r1"],
  },
};

/** The manifest with the value at `path` replaced; `undefined` removes it. */
function patched(path: readonly (string | number)[], value: unknown): Uint8Array {
  const copy = JSON.parse(JSON.stringify(manifest));
  const owner = path.slice(0, -1).reduce((object, key) => object[key], copy);
  owner[path.at(-1) ?? ""] = value;
  return manifestBytes(copy);
}

test("a manifest survives writing and reading, and its identity is the hash of its bytes", async () => {
  const bytes = manifestBytes(manifest);
  expect(parseManifest(bytes)).toEqual(manifest);
  expect(await manifestIdentity(manifest)).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test("a first bundle has no parent, and a model without small tensors no blob for them", () => {
  const { small: _, ...float } = manifest.float;
  const first = { ...manifest, parent: null, float };
  expect(parseManifest(manifestBytes(first))).toEqual(first);
});

test.for<[string, (string | number)[], unknown]>([
  ["line", ["line"], "../etc"],
  ["version", ["version"], 0],
  ["version", ["version"], 1.5],
  ["parent", ["parent"], "abc"],
  ["parent", ["parent"], undefined],
  ["float.graph.sha256", ["float", "graph", "sha256"], "A".repeat(64)],
  ["float.graph.bytes", ["float", "graph", "bytes"], -1],
  ['int8.tensors["head/weight"].dtype', ["int8", "tensors", "head/weight", "dtype"], "toString"],
  ['int8.tensors["head/weight"].shape[0]', ["int8", "tensors", "head/weight", "shape", 0], -1],
  ['int8.tensors["head/weight"].dtype', ["int8", "tensors", "head/weight", "dtype"], "string"],
  ['int8.tensors["head/weight"].bytes', ["int8", "tensors", "head/weight", "bytes"], 1023],
  ['int8.tensors["head/weight"].bytes', ["int8", "tensors", "head/weight", "shape", 0], 2 ** 31],
  ["classes", ["classes"], []],
  ["classes[0]", ["classes", 0], ""],
  ["pipeline.window.hopSamples", ["pipeline", "window", "hopSamples"], 0],
  ["pipeline.channels", ["pipeline", "channels"], []],
  ["pipeline.channels[0].unit", ["pipeline", "channels", 0, "unit"], 7],
  ["pipeline.features", ["pipeline", "features"], undefined],
  ["golden.tolerance.int8", ["golden", "tolerance", "int8"], -0.1],
  ['metrics["macroF1"]', ["metrics", "macroF1"], "1"],
  ["constraints.bundleBytesMax", ["constraints", "bundleBytesMax"], "1"],
  ["lineage.data[0]", ["lineage", "data", 0], 1],
  ["lineage.seed", ["lineage", "seed"], -1],
])("a wrong %s is refused by its path", ([path, keys, value]) => {
  expect(() => parseManifest(patched(keys, value))).toThrow(
    expect.objectContaining({
      code: "BUNDLE_MANIFEST_INVALID",
      details: expect.objectContaining({ path }),
    }),
  );
});

test("a higher format asks for an update before anything else is read", () => {
  expect(() => parseManifest(utf8('{"format":2}'))).toThrow(
    expect.objectContaining({ code: "BUNDLE_FORMAT_UNSUPPORTED" }),
  );
});

test("a second spelling of the same bundle is refused, so that identity and content agree", () => {
  const text = JSON.stringify(JSON.parse(Buffer.from(manifestBytes(manifest)).toString()), null, 1);
  const refusal = expect.objectContaining({ code: "BUNDLE_MANIFEST_INVALID" });
  expect(() => parseManifest(utf8(text))).toThrow(refusal);
  expect(() => parseManifest(patched(["note"], "unknown field"))).toThrow(refusal);
  const twice = Buffer.from(manifestBytes(manifest)).toString().replace("{", '{"version":2,');
  expect(() => parseManifest(utf8(twice))).toThrow(refusal);
});

test("a manifest cut at any byte is refused with a code", () => {
  const bytes = manifestBytes(manifest);
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => parseManifest(bytes.slice(0, length))).toThrow(
      expect.objectContaining({ code: "BUNDLE_MANIFEST_INVALID" }),
    );
  }
});

test("random JSON, deep JSON and large JSON are refused with a code", () => {
  const refusal = expect.objectContaining({ code: "BUNDLE_MANIFEST_INVALID" });
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(() => parseManifest(utf8(json))).toThrow(refusal);
    }),
  );
  const deep = JSON.stringify(manifest).replace(
    '[{"kind":"detrend"}]',
    "[".repeat(4e5) + "]".repeat(4e5),
  );
  expect(() => parseManifest(utf8(deep))).toThrow(refusal);
  expect(() => parseManifest(new Uint8Array(manifestBytesMax + 1))).toThrow(refusal);
});
