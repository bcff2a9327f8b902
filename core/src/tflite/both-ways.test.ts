import { expect, test } from "vitest";
import { activityCnn, keywordCnn, residualCnn } from "../../../test/bench/engine-models.ts";
import { haveModelFiles, readModelFile } from "../../../test/model-files.ts";
import { runGraph } from "../../../test/run-graph.ts";
import { agreement, feedsFor, runOriginal } from "../../../test/tflite-case.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensors } from "../graph/tensor.ts";
import { f32, sizeOf } from "../graph/tensor.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { calibrate } from "../quantize/calibrate.ts";
import { quantize } from "../quantize/quantize.ts";
import { openSession } from "../runtime/node/open.ts";
import { decodeTflite } from "./decode.ts";
import { encodeTflite } from "./encode.ts";
import { fromTflite } from "./from-tflite.ts";
import { toTflite } from "./to-tflite.ts";

const networks = Object.entries({ activityCnn, keywordCnn, residualCnn });

function noise(graph: Graph, seed: number): Tensors {
  const rng = seededRng(seed);
  return Object.fromEntries(
    graph.inputs.map(({ name, shape = [] }) => {
      const sizes = shape.map((dim) => (typeof dim === "string" ? 1 : dim));
      const data = Float32Array.from({ length: sizeOf(sizes) }, () => gaussian(rng));
      return [name, f32(data, sizes)];
    }),
  );
}

/** Through the bytes of a file and back. */
const thereAndBack = (graph: Graph): Graph =>
  fromTflite(decodeTflite(encodeTflite(toTflite(graph))));

test.for(networks)("%s is the same network after export and import", async ([, network]) => {
  const graph = network();
  const feeds = noise(graph, 7);
  const found = await runGraph(thereAndBack(graph), feeds);
  expect(agreement(await runGraph(graph, feeds), found).relative).toBeLessThan(1e-4);
});

test.for(networks)("%s in int8 is within a step after both", async ([, network]) => {
  const graph = network();
  const open = (part: Graph) => openSession(part, { backend: "wasm" });
  const batches = [1, 2].map((seed) => noise(graph, seed));
  const ranges = await calibrate(graph, { open, batches }, { method: "minmax", whole: true });
  const int8 = quantize(graph, ranges, { whole: true });
  const [scale = 1] = [...int8.initializers]
    .filter(([name]) => name.endsWith("logits.scale"))
    .map(([, { data }]) => Number(data[0]));
  const [output] = int8.outputs;
  let [all, within] = [0, 0];
  for (const seed of [11, 12, 13]) {
    const feeds = noise(int8, seed);
    const [before, after] = [
      await runGraph(int8, feeds),
      await runGraph(thereAndBack(int8), feeds),
    ];
    const values = Array.from<unknown, number>(before[output!.name]?.data ?? [], Number);
    all += values.length;
    within += values.filter(
      (value, index) => Math.abs(value - Number(after[output!.name]?.data[index])) <= 1.01 * scale,
    ).length;
  }
  expect(all).toBeGreaterThanOrEqual(10);
  expect(within / all).toBeGreaterThanOrEqual(0.99);
});

test
  .skipIf(!haveModelFiles)
  .for([
    "tflm-hello_world/hello_world_float.tflite",
    "tflm-hello_world/hello_world_int8.tflite",
    "tflm-micro_speech/models/micro_speech_quantized.tflite",
  ])("%s is the same model after import and export", async (path) => {
  const bytes = readModelFile(path);
  const again = encodeTflite(toTflite(fromTflite(decodeTflite(bytes))));
  for (const seed of [1, 2, 3]) {
    const feeds = feedsFor(decodeTflite(bytes), seed);
    const [before, after] = [await runOriginal(bytes, feeds), await runOriginal(again, feeds)];
    const found = agreement(before, after);
    expect(found.relative).toBeLessThan(1e-4);
    expect(found.withinOne).toBeGreaterThanOrEqual(0.99 * found.integers);
  }
});
