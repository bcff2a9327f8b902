import { expect, test } from "vitest";
import { run } from "../../../../test/reference/interpreter.ts";
import { graphBuilder, int, ints } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, sizeOf } from "../../graph/tensor.ts";
import { gaussian, seededRng } from "../../platform/random.ts";
import { observe } from "../../quantize/observe.ts";
import { quantize } from "../../quantize/quantize.ts";
import { addAdapters, attachAdapters } from "./adapters.ts";
import { mergeAdapters } from "./merge-adapters.ts";

const rng = seededRng(9);
const noise = (shape: readonly number[], scale: number): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, () => scale * gaussian(rng)),
    shape,
  );

/** A two-dimensional convolution, one of three groups, a product and two Gemms. */
function model(): Graph {
  const b = graphBuilder("model");
  const weight = (name: string, ...shape: number[]): string =>
    b.initializer(name, noise(shape, 0.3));
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2, 7, 6] });
  const first = b.add("Conv", [x, weight("conv", 9, 2, 3, 2)], {
    attributes: { strides: ints([2, 1]), dilations: ints([1, 2]) },
  });
  const grouped = b.add("Conv", [first, weight("grouped", 6, 3, 2, 1), weight("bias", 6)], {
    attributes: { group: int(3), pads: ints([1, 0, 0, 1]) },
  });
  const hidden = b.add("MatMul", [b.add("Flatten", [grouped]), weight("product", 90, 11)]);
  const gemm = b.add("Gemm", [hidden, weight("rows", 8, 11), weight("rows.bias", 8)], {
    attributes: { transB: int(1) },
  });
  b.add("Gemm", [gemm, weight("columns", 8, 5)], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 5] });
  return b.build();
}

/** The same with an alpha in every Gemm. */
const withAlpha = (graph: Graph, value: number): Graph => ({
  ...graph,
  nodes: graph.nodes.map((node) =>
    node.op === "Gemm"
      ? { ...node, attributes: { ...node.attributes, alpha: { kind: "float", value } } }
      : node,
  ),
});

const base = model();
const trained = new Map(
  [...addAdapters(base, { rank: 1, seed: 2 }).adapters].map(([name, { shape }]) => [
    name,
    noise(shape, 0.2),
  ]),
);
const x = noise([3, 2, 7, 6], 1);
const numbers = (graph: Graph): readonly number[] =>
  Array.from(run(graph, { x })["y"]?.data as Float64Array);
const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, at) => Math.abs(value - (b[at] ?? Number.NaN))));

test("a merged model computes what base and adapters compute, to float32's rounding of weights", () => {
  for (const scale of [1, 2.5]) {
    for (const graph of [base, withAlpha(base, 0.5)]) {
      const beside = numbers(attachAdapters(graph, trained, scale));
      const merged = mergeAdapters(graph, trained, { scale });
      expect(merged.nodes).toBe(graph.nodes);
      const largest = Math.max(...beside.map(Math.abs));
      expect(distance(numbers(merged), beside)).toBeLessThan(2e-6 * largest);
      expect(distance(numbers(graph), beside)).toBeGreaterThan(0.1 * largest);
    }
  }
});

const ranges = Object.fromEntries(
  observe(base).observed.map((name) => [name, { min: -8, max: 8 }]),
);
const int8 = quantize(base, ranges);
const renamed = new Map(
  [...trained].map(([name, tensor]) => [name.replace(".adapter.", ".int8.adapter."), tensor]),
);

test("an int8 base stays bit for bit, with the adapters beside it", () => {
  const merged = mergeAdapters(int8, renamed);
  for (const [name, tensor] of int8.initializers) {
    expect(merged.initializers.get(name), name).toBe(tensor);
  }
  expect(numbers(merged)).toEqual(numbers(attachAdapters(int8, renamed)));
});

test("rounded anew, int8 weights follow the adapters to within their rounding", () => {
  const beside = numbers(attachAdapters(int8, renamed));
  const merged = mergeAdapters(int8, renamed, { requantize: true });
  expect(merged.nodes).toBe(int8.nodes);
  // Independent: the merged float model, quantized from scratch with the same ranges.
  const fresh = quantize(mergeAdapters(base, trained), ranges);
  for (const name of ["conv.int8", "grouped.int8", "product.int8", "rows.int8", "columns.int8"]) {
    const [a, b] = [merged, fresh].map(
      ({ initializers }) => initializers.get(name)?.data as Int8Array,
    );
    const apart = a?.map((value, at) => Math.abs(value - (b?.[at] ?? Number.NaN)));
    // Rounding twice moves an integer by one at the most.
    expect(Math.max(...(apart ?? [Number.NaN])), name).toBeLessThanOrEqual(1);
  }
  const largest = Math.max(...beside.map(Math.abs));
  expect(distance(numbers(merged), beside)).toBeLessThan(0.1 * largest);
  expect(distance(numbers(int8), beside)).toBeGreaterThan(0.2 * largest);
});
