import fc from "fast-check";
import { expect, test } from "vitest";
import { run } from "../../../test/reference/index.ts";
import { engines, runGraph } from "../../../test/run-graph.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int, ints } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, scalar, sizeOf } from "../graph/tensor.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { equalize } from "./equalize.ts";
import { signalToNoiseDb } from "./signal-to-noise.ts";

/** Weights whose rows differ in size by up to a thousand times. */
function uneven(shape: readonly number[], seed: number): Tensor {
  const rng = seededRng(seed);
  const row = sizeOf(shape.slice(1));
  const sizes = Array.from({ length: shape[0] ?? 1 }, () => 10 ** (3 * rng() - 2));
  return f32(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
      return gaussian(rng) * (sizes[Math.floor(i / row)] ?? 1);
    }),
    shape,
  );
}

/** conv - relu - depthwise - pool - grouped conv - flatten - gemm - relu - matmul. */
function network(seed: number): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2, 3, 8, 8] });
  const w = (name: string, ...shape: number[]): string =>
    b.initializer(name, uneven(shape, seed + name.length * 7 + shape.length));
  const attributes = (group: number) => ({
    attributes: { group: int(group), pads: ints([1, 1, 1, 1]) },
  });
  const c1 = b.add("Conv", [x, w("conv.w", 6, 3, 3, 3), w("conv.b", 6)], {
    name: "conv",
    ...attributes(1),
  });
  const c2 = b.add("Conv", [b.add("Relu", [c1]), w("depth.w", 6, 1, 3, 3)], {
    name: "depth",
    ...attributes(6),
  });
  const pool = b.add("MaxPool", [b.add("LeakyRelu", [c2])], {
    attributes: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) },
  });
  const c3 = b.add("Conv", [pool, w("group.w", 4, 3, 3, 3), w("group.b", 4)], {
    name: "grouped",
    ...attributes(2),
  });
  const flat = b.add("Flatten", [b.add("Relu", [c3])]);
  const d1 = b.add("Gemm", [flat, w("gemm.w", 10, 64), w("gemm.bb", 10)], {
    ...{ name: "gemm", attributes: { transB: int(1) } },
  });
  b.add("MatMul", [b.add("Relu", [d1]), w("last.w", 10, 3)], { name: "last", outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

const input = (seed: number): Tensor => uneven([2, 3, 8, 8], seed);
const floats = (tensor: Tensor | undefined): Float32Array =>
  Float32Array.from(tensor?.data as Float32Array);

// The reference is the float64 interpreter on the graph before.
test("the function stays, whatever the weights", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), (seed) => {
      const before = network(seed);
      const { graph, pairs } = equalize(before);
      const x = input(seed + 1);
      const noise = signalToNoiseDb(
        floats(run(before, { x })["y"]),
        floats(run(graph, { x })["y"]),
      );
      expect(noise).toBeGreaterThan(110);
      expect(pairs.filter(({ second }) => second !== undefined)).toEqual([
        { first: "conv", second: "depth" },
        { first: "depth", second: "grouped" },
        { first: "grouped", second: "gemm" },
        { first: "gemm", second: "last" },
      ]);
    }),
    { numRuns: 15 },
  );
});

test.for(engines)(
  "what makes a channel is as large as what reads it, on %s",
  async ([, engine]) => {
    const before = network(3);
    const { graph } = equalize(before);
    const x = input(4);
    const [a, b] = [await runGraph(before, { x }, engine), await runGraph(graph, { x }, engine)];
    expect(signalToNoiseDb(floats(a["y"]), floats(b["y"]))).toBeGreaterThan(90);
    const gemm = floats(graph.initializers.get("gemm.w"));
    const last = floats(graph.initializers.get("last.w"));
    for (let channel = 0; channel < 10; channel += 1) {
      const rows = gemm.subarray(channel * 64, channel * 64 + 64).map(Math.abs);
      const columns = last.subarray(channel * 3, channel * 3 + 3).map(Math.abs);
      expect(Math.max(...rows) / Math.max(...columns)).toBeCloseTo(1, 2);
    }
  },
);

/** A layer, something, and another layer. */
function between(middle: (b: GraphBuilder, x: string) => string): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 4] });
  const h = b.add("MatMul", [x, b.initializer("w1", uneven([4, 4], 1))], { name: "first" });
  b.add("MatMul", [middle(b, h), b.initializer("w2", uneven([4, 4], 2))], {
    ...{ name: "second", outputs: ["y"] },
  });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

test.for<[string, (b: GraphBuilder, x: string) => string]>([
  [
    'Clip "six" does not let a scale through',
    (b, x) => b.add("Clip", [x, b.constant(scalar(0)), b.constant(scalar(6))], { name: "six" }),
  ],
  [
    'Sigmoid "gate" does not let a scale through',
    (b, x) => b.add("Sigmoid", [x], { name: "gate" }),
  ],
  ["is read 2 times", (b, x) => b.add("Add", [x, b.add("Relu", [x])])],
])("the pair stays: %s", ([reason, middle]) => {
  const graph = between(middle);
  const { graph: after, pairs } = equalize(graph);
  expect(pairs).toEqual([
    { first: "first", reason },
    { first: "second", reason: "makes a result of the model" },
  ]);
  expect(after.initializers.get("w1")).toEqual(graph.initializers.get("w1"));
});

test("a limit from below alone lets scales through; shared weights do not", () => {
  const open = between((b, x) => b.add("Clip", [x, b.constant(scalar(0))]));
  expect(equalize(open).pairs[0]).toEqual({ first: "first", second: "second" });
  const shared = between((b, x) => b.add("MatMul", [x, "w1"], { name: "again" }));
  expect(equalize(shared).pairs[0]).toEqual({ first: "first", reason: "shares its weights" });
});
