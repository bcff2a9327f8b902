import { expect, test } from "vitest";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, sizeOf } from "../graph/tensor.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { openSession } from "../runtime/open.ts";
import type { CalibrationData } from "./calibrate.ts";
import { calibrate } from "./calibrate.ts";
import { correctBias } from "./correct-bias.ts";
import { quantize } from "./quantize.ts";

const rng = seededRng(8);
const random = (...shape: number[]): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, () => gaussian(rng) + 0.5),
    shape,
  );

/** Weights of which one in 20 is so large that the others get few integers. */
const coarse = (...shape: number[]): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => gaussian(rng) * (i % 20 === 0 ? 40 : 1)),
    shape,
  );

/** Two convolutions, the first without a bias, a product without one, and a head. */
function network(): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 8, 8] });
  const c1 = b.add("Conv", [x, b.initializer("w1", coarse(8, 3, 3, 3))], { name: "one" });
  const second = [b.initializer("w2", coarse(8, 8, 3, 3)), b.initializer("b2", random(8))];
  const c2 = b.add("Conv", [b.add("Relu", [c1]), ...second], { name: "two" });
  const flat = b.add("Flatten", [b.add("Relu", [c2])]);
  const m = b.add("MatMul", [flat, b.initializer("w3", coarse(128, 30))], { name: "three" });
  const head = [b.initializer("w4", coarse(30, 4)), b.initializer("b4", random(4))];
  b.add("Gemm", [b.add("Relu", [m]), ...head], { name: "four", outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

const data: CalibrationData = {
  batches: [random(16, 3, 8, 8), random(16, 3, 8, 8)].map((x) => ({ x })),
  open: async (graph) => await openSession(graph, { backend: "wasm" }),
};

/** How far the mean of each class score is off, all together. */
async function meanError(a: Graph, b: Graph): Promise<number> {
  const sums = new Float64Array(4);
  for (const graph of [a, b]) {
    const session = await data.open(graph);
    for (const feeds of data.batches) {
      const { y } = await session.run(feeds);
      if (y?.dtype !== "float32") throw new Error("y is float32");
      for (const [i, value] of y.data.entries()) {
        sums[i % 4] = (sums[i % 4] ?? 0) + (graph === a ? value : -value);
      }
    }
    await session.dispose();
  }
  return sums.reduce((sum, off) => sum + Math.abs(off), 0);
}

test("means come back that rounding had moved", async () => {
  const graph = network();
  const ranges = await calibrate(graph, data, { method: "minmax" });
  const { graph: corrected, ...told } = await correctBias(graph, data, { ranges });
  expect(told).toEqual({ corrected: ["one", "two", "four"], skipped: ["three"] });
  const before = await meanError(graph, quantize(graph, ranges));
  const after = await meanError(graph, quantize(corrected, ranges));
  expect(after).toBeLessThan(before / 10);
  expect(corrected.initializers.get("w1.bias")?.shape).toEqual([8]);
});

test("where nothing moves the mean, biases stay", async () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  b.add("Gemm", [x, b.initializer("w", f32([1.27], [1, 1])), b.initializer("b", f32([1]))], {
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32" });
  const batches = [{ x: f32([0, 1, 2, 255], [4, 1]) }];
  const ranges = { "x.observed": { min: 0, max: 255 } };
  const { graph } = await correctBias(b.build(), { ...data, batches }, { ranges });
  expect(graph.initializers.get("b")?.data[0]).toBeCloseTo(1, 4);
});

test("an abort ends it", async () => {
  const stop = new AbortController();
  stop.abort(new Error("enough"));
  const given = { ...data, signal: stop.signal };
  await expect(correctBias(network(), given, { ranges: {} })).rejects.toThrow("enough");
});
