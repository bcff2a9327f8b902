import { expect, test } from "vitest";

import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import { utf8 } from "../platform/bytes.ts";
import { parseName, parseSha256 } from "../platform/ids.ts";
import { memoryBlobStore } from "../testing/memory-blob-store.ts";
import { bundleBlobs, bundleBytes, bundleDiff, readManifest } from "./bundle-blobs.ts";
import type { BundleParts } from "./bundle-build.ts";
import { buildBundle } from "./bundle-build.ts";
import { encodeGoldenExpected, encodeGoldenWindows } from "./golden.ts";
import { loadGraph } from "./stored-model.ts";

/** A body of 1 KiB, a head of 1 KiB and a bias below it. */
function model({ body = 1, head = 2, bias = 3 } = {}): Graph {
  const b = graphBuilder("model");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 16] });
  const weights: readonly [string, Tensor][] = [
    ["body", f32(new Float32Array(256).fill(body), [16, 16])],
    ["head", f32(new Float32Array(256).fill(head), [16, 16])],
    ["bias", f32(new Float32Array(16).fill(bias))],
  ];
  for (const [name, tensor] of weights) b.initializer(name, tensor);
  const hidden = b.add("MatMul", [x, "body"]);
  b.add("Gemm", [hidden, "head", "bias"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 16] });
  return b.build();
}

const outputs = f32([0.5, 0.5], [1, 2]);
const parts = (float: Graph, changes: Partial<BundleParts> = {}): BundleParts => ({
  line: parseName("pumps"),
  version: 1,
  parent: null,
  float,
  int8: model({ body: 7, head: 8, bias: 9 }),
  classes: ["normal", "bearing"],
  pipeline: {
    window: { rateHz: 1000, lengthSamples: 2, hopSamples: 1 },
    channels: [{ name: "x", unit: "m/s2" }],
    features: [],
  },
  golden: {
    windows: encodeGoldenWindows(f32([1, 2], [1, 2, 1])).bytes,
    expected: encodeGoldenExpected({ float: outputs, int8: outputs }),
    count: 1,
    tolerance: { float: 1e-4, int8: 0.05 },
  },
  metrics: { macroF1: 0.97 },
  profile: utf8('{"format":1}'),
  constraints: { bundleBytesMax: 262_144, latencyP99MsMax: 25 },
  lineage: { problem: parseSha256("0".repeat(64)), data: [], seed: 1, code: "0.1.0", rounds: [] },
  ...changes,
});

test("both graphs come back as they were, in values and structure", async () => {
  const blobs = memoryBlobStore();
  const { manifest } = await buildBundle(parts(model()), blobs);
  const float = await loadGraph(manifest, blobs, "float");
  const graph = model();
  expect(float.nodes).toEqual(graph.nodes);
  expect(float.inputs).toEqual(graph.inputs);
  expect(new Map(float.initializers)).toEqual(new Map(graph.initializers));
  const int8 = await loadGraph(manifest, blobs, "int8");
  expect(int8.initializers.get("bias")?.data).toEqual(new Float32Array(16).fill(9));
});

test("graph blobs hold no weight; large tensors have blobs of their own, small ones share one", async () => {
  const blobs = memoryBlobStore();
  const { manifest } = await buildBundle(parts(model()), blobs);
  expect(decodeOnnx(await blobs.get(manifest.float.graph.sha256)).initializers.size).toBe(0);
  expect(Object.keys(manifest.float.tensors)).toEqual(["body", "head"]);
  expect(manifest.float.small).toBeDefined();
});

test("an update that retrains a head sends a head", async () => {
  const blobs = memoryBlobStore();
  const first = await buildBundle(parts(model()), blobs);
  const next = await buildBundle(
    parts(model({ head: 5 }), { version: 2, parent: first.sha256 }),
    blobs,
  );
  const diff = bundleDiff(next.manifest, first.manifest);
  expect(diff.added).toEqual([
    expect.objectContaining({ sha256: next.manifest.float.tensors["head"]?.sha256, bytes: 1024 }),
  ]);
  expect(diff.addedBytes).toBe(1024);
  expect(diff.reused.length + 1).toBe(bundleBlobs(next.manifest).length);
  expect(next.manifest.float.graph).toEqual(first.manifest.float.graph);
});

test("a model that was loaded and stored again is the same bundle", async () => {
  const blobs = memoryBlobStore();
  const first = await buildBundle(parts(model()), blobs);
  const float = await loadGraph(first.manifest, blobs, "float");
  const int8 = await loadGraph(first.manifest, blobs, "int8");
  const again = await buildBundle(
    parts(float, { int8, profile: first.manifest.profile, golden: first.manifest.golden }),
    blobs,
  );
  expect(again.sha256).toBe(first.sha256);
});

test("size counts every byte of a first installation, each blob once", async () => {
  const blobs = memoryBlobStore();
  const { manifest, manifestBytes } = await buildBundle(parts(model(), { int8: model() }), blobs);
  const held = await Promise.all((await blobs.list()).map((name) => blobs.get(name)));
  const bytes = held.reduce((sum, blob) => sum + blob.length, 0);
  expect(bundleBytes(manifest)).toBe(bytes);
  expect(bytes).toBeGreaterThan(2048 + manifestBytes.length);
});

test("a bundle above its own constraint is not built", async () => {
  const constraints = { bundleBytesMax: 4096, latencyP99MsMax: 25 };
  await expect(
    buildBundle(parts(model(), { constraints }), memoryBlobStore()),
  ).rejects.toMatchObject({
    code: "BUNDLE_TOO_LARGE",
  });
});

test("the manifest lies among the blobs, under its identity", async () => {
  const blobs = memoryBlobStore();
  const { manifest, sha256 } = await buildBundle(parts(model()), blobs);
  expect(await readManifest(blobs, sha256)).toEqual(manifest);
});
