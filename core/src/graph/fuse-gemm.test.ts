import fc from "fast-check";
import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import type { GraphBuilder } from "./builder.ts";
import { float, graphBuilder, int } from "./builder.ts";
import { fuseGemm } from "./fuse-gemm.ts";
import type { Graph } from "./graph.ts";
import type { Tensors } from "./tensor.ts";
import { f32, scalar } from "./tensor.ts";

const wave = (rows: number, columns: number, seed: number) =>
  f32(
    Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(1.3 * i + seed)),
    [rows, columns],
  );

const feeds: Tensors = {
  w: wave(3, 2, 1),
  v: wave(3, 2, 2),
  up: wave(4, 3, 3),
  x: wave(4, 2, 4),
  rate: scalar(0.25),
};

type Body = (b: GraphBuilder, product: string) => string;

function graphOf(body: Body): Graph {
  const b = graphBuilder("update");
  for (const [name, { dtype, shape }] of Object.entries(feeds)) b.input({ name, dtype, shape });
  const attributes = { transA: int(1), alpha: float(0.5) };
  const product = b.add("Gemm", ["up", "x"], { attributes });
  b.add("Identity", [body(b, product)], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [3, 2] });
  return b.build();
}

const scaledBy = (b: GraphBuilder, value: string, by: number): string =>
  b.add("Mul", [value, b.constant(scalar(by))]);

const fused: Readonly<Record<string, readonly [Body, readonly string[]]>> = {
  sum: [(b, g) => b.add("Add", ["w", g]), ["Gemm"]],
  "sum, the other way round": [(b, g) => b.add("Add", [g, "w"]), ["Gemm"]],
  difference: [(b, g) => b.add("Sub", ["w", g]), ["Gemm"]],
  "difference, the other way round": [(b, g) => b.add("Sub", [g, "w"]), ["Gemm"]],
  momentum: [(b, g) => b.add("Add", [scaledBy(b, "v", 0.75), g]), ["Gemm"]],
  descent: [(b, g) => b.add("Sub", ["w", b.add("Mul", [g, "rate"])]), ["Mul", "Gemm"]],
  "descent with decay": [
    (b, g) => b.add("Sub", [scaledBy(b, "w", 0.5), b.add("Mul", ["rate", g])]),
    ["Mul", "Gemm"],
  ],
};

test.for(Object.entries(fused))("%s: one Gemm, the same function", ([, [body, ops]]) => {
  const graph = graphOf(body);
  const result = fuseGemm(graph);
  expect(result.nodes.map(({ op }) => op)).toEqual([...ops, "Identity"]);
  const [expected, actual] = [graph, result].map((each) => run(each, feeds)["y"]?.data ?? []);
  for (const [i, value] of [...(expected ?? [])].entries()) {
    expect(Number(actual?.[i])).toBeCloseTo(Number(value), 12);
  }
});

const kept: Readonly<Record<string, Body>> = {
  "a product that is read twice": (b, g) => b.add("Add", [b.add("Add", ["w", g]), g]),
  "a sum that broadcasts": (b, g) => b.add("Add", [b.constant(f32([1, 2])), g]),
  "a product element by element": (b, g) => b.add("Add", ["w", b.add("Mul", [g, "v"])]),
  "a product that has a third input": (b, g) => b.add("Add", ["w", b.add("Relu", [g])]),
};

test.for(Object.entries(kept))("%s stays", ([, body]) => {
  const graph = graphOf(body);
  expect(fuseGemm(graph)).toBe(graph);
});

test("the smaller operand is scaled", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (rows, columns) => {
      const b = graphBuilder("g");
      b.input({ name: "w", dtype: "float32", shape: [rows, columns] });
      b.input({ name: "a", dtype: "float32", shape: [rows, 2] });
      b.input({ name: "b", dtype: "float32", shape: [2, columns] });
      b.input({ name: "rate", dtype: "float32", shape: [] });
      const product = b.add("Mul", [b.add("Gemm", ["a", "b"]), "rate"]);
      b.add("Sub", ["w", product], { outputs: ["y"] });
      b.output({ name: "y", dtype: "float32", shape: [rows, columns] });
      const [scale] = fuseGemm(b.build()).nodes;
      expect(scale?.inputs).toEqual([rows <= columns ? "a" : "b", "rate"]);
    }),
  );
});
