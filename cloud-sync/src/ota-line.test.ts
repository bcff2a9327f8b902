import type { Manifest } from "@edgeloop/core/bundle";
import { fromUtf8, parseName, parseSha256, utf8 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";

import { checkLine, lineBytes, lineBytesMax, lineOf, parseLine } from "./ota-line.ts";

const hash = (digit: string) => parseSha256(digit.repeat(64));
const blob = (digit: string) => ({ sha256: hash(digit), bytes: 10 });
const manifest: Manifest = {
  format: 1,
  line: parseName("pumps"),
  version: 1,
  parent: null,
  float: { graph: blob("1"), tensors: {} },
  int8: { graph: blob("2"), tensors: {} },
  classes: ["normal", "<script>"],
  pipeline: {
    window: { rateHz: 1000, lengthSamples: 200, hopSamples: 100 },
    channels: [{ name: "x", unit: "m/s2" }],
    features: [{ kind: "standardize", mean: [0.25], scale: [1e-9] }],
  },
  golden: { windows: blob("3"), expected: blob("4"), count: 1, tolerance: { float: 0, int8: 0 } },
  metrics: { macroF1: 0.97 },
  profile: blob("5"),
  constraints: { bundleBytesMax: 4096, latencyP99MsMax: 25 },
  lineage: { problem: hash("6"), data: [], seed: 1, code: "0.1.0", rounds: [] },
};
const line = lineOf(manifest, { parents: [], approve: "automatic" });

test("a line survives writing and reading", () => {
  expect(parseLine(lineBytes(line))).toEqual(line);
});

test("what a line does not fix may change: weights, metrics, golden outputs, profile, lineage", () => {
  const small = blob("7");
  const next: Manifest = {
    ...manifest,
    version: 9,
    parent: hash("8"),
    float: { ...manifest.float, small },
    int8: { ...manifest.int8, small },
    golden: { ...manifest.golden, expected: blob("9") },
    metrics: { macroF1: 0.5 },
    profile: blob("a"),
  };
  expect(() => checkLine(next, line)).not.toThrow();
});

test.for<[string, Partial<Manifest>]>([
  ["line", { line: parseName("fans") }],
  ["graphs", { int8: { graph: blob("f"), tensors: {} } }],
  ["graphs", { float: { graph: blob("f"), tensors: {} } }],
  ["classes", { classes: ["<script>", "normal"] }],
  ["pipeline", { pipeline: { ...manifest.pipeline, channels: [{ name: "x", unit: "g" }] } }],
  ["pipeline", { pipeline: { ...manifest.pipeline, features: [] } }],
  ["constraints", { constraints: { bundleBytesMax: 4097, latencyP99MsMax: 25 } }],
])("a manifest with another %s is outside its line", ([field, change]) => {
  expect(() => checkLine({ ...manifest, ...change }, line)).toThrow(
    expect.objectContaining({
      code: "LINE_MISMATCH",
      details: expect.objectContaining({ field }),
    }),
  );
});

test("a bundle that outgrows its line is refused", () => {
  const int8 = { ...manifest.int8, small: { sha256: hash("7"), bytes: 4000 } };
  expect(() => checkLine({ ...manifest, int8 }, line)).toThrow(
    expect.objectContaining({ code: "BUNDLE_TOO_LARGE" }),
  );
});

test("a line cut at any byte, with unknown fields, in another form or too large is refused", () => {
  const bytes = lineBytes(line);
  const refusal = expect.objectContaining({ code: "LINE_INVALID" });
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => parseLine(bytes.slice(0, length))).toThrow(refusal);
  }
  expect(() => parseLine(utf8(JSON.stringify({ ...line, more: 1 })))).toThrow(refusal);
  expect(() => parseLine(utf8(JSON.stringify(line, null, 1)))).toThrow(refusal);
  expect(() => parseLine(new Uint8Array(lineBytesMax + 1))).toThrow(refusal);
  const newer = utf8(fromUtf8(bytes).replace('"format":1', '"format":2'));
  expect(() => parseLine(newer)).toThrow(expect.objectContaining({ code: "FORMAT_UNSUPPORTED" }));
});
