import fc from "fast-check";
import { expect, test } from "vitest";
import { gradientsOf } from "../../../test/reference/gradient-suite.ts";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder, int, ints } from "./builder.ts";
import type { Graph } from "./graph.ts";
import type { Tensor } from "./tensor.ts";
import { f32 } from "./tensor.ts";
import { unrollMaxPool } from "./unroll-max-pool.ts";

type Pool = {
  readonly sizes: readonly number[];
  readonly kernel: readonly number[];
  readonly strides?: readonly number[];
  readonly ceil?: number;
};

function poolOf({ sizes, kernel, strides = kernel, ceil = 0 }: Pool): Graph {
  const b = graphBuilder("pool");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2, ...sizes] });
  const attributes = {
    kernel_shape: ints(kernel),
    strides: ints(strides),
    ceil_mode: int(ceil),
  };
  b.add("MaxPool", [x], { attributes, outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

// Small integers, so that many elements are equal.
const dataOf = (sizes: readonly number[], values: readonly number[]): Tensor => {
  const shape = [2, 2, ...sizes];
  const count = shape.reduce((n, size) => n * size, 1);
  return f32(
    Float32Array.from({ length: count }, (_, i) => values[i % values.length] ?? 0),
    shape,
  );
};

const axis = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 5 }));
const numbers = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 5, maxLength: 40 });

test("comparisons give the pool's values and its gradient, the first of equal maxima all of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(axis, { minLength: 1, maxLength: 2 }),
      numbers,
      async (axes, data) => {
        const kernel = axes.map(([k]) => k);
        const sizes = axes.map(([k, more]) => k + more);
        const graph = poolOf({ sizes, kernel });
        const unrolled = unrollMaxPool(graph);
        expect(unrolled.nodes.some(({ op }) => op === "MaxPool")).toBe(false);
        const x = dataOf(sizes, data);
        const { y } = run(graph, { x });
        expect(run(unrolled, { x })["y"]).toEqual(y);
        const shape = y?.shape ?? [];
        const up = f32(
          Float32Array.from({ length: y?.data.length ?? 0 }, (_, i) => i + 1),
          shape,
        );
        const [expected, actual] = await Promise.all(
          [graph, unrolled].map((each) => gradientsOf(each, { x }, up)),
        );
        expect(actual).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
});

test("names that come later in the graph are not made up", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 1, 4] });
  const attributes = { kernel_shape: ints([2]), strides: ints([2]) };
  b.push({ name: "", op: "MaxPool", inputs: [x], outputs: ["p"], attributes });
  b.add("Neg", ["p"], { outputs: ["/Reshape"] });
  b.output({ name: "/Reshape", dtype: "float32" });
  const feeds = { x: f32([1, 2, 4, 3], [1, 1, 4]) };
  expect(run(unrollMaxPool(b.build()), feeds)["/Reshape"]?.data).toEqual(Float64Array.of(-2, -4));
});

test.for([
  { sizes: [8], kernel: [2], strides: [1] },
  { sizes: [7], kernel: [2], ceil: 1 },
  { sizes: [8, 8], kernel: [2, 2], strides: [2, 1] },
])("windows that do not tile stay a pool: %o", (pool) => {
  const graph = poolOf(pool);
  expect(unrollMaxPool(graph).nodes).toEqual(graph.nodes);
});
