import { expect, test } from "vitest";
import { difference, engines, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Dim, Graph } from "../graph/graph.ts";
import { f32, scalar } from "../graph/tensor.ts";
import { joinBias } from "./join-bias.ts";
import { observe } from "./observe.ts";
import { quantize } from "./quantize.ts";

/** relu(x w + b) v + c, as exporters write it that know no Gemm. */
function network(shape: readonly Dim[] = ["N", 2], bias = f32([0.5, -1, 0.25])): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape });
  const w = b.initializer("w", f32([1, 2, -3, 0.5, 1, -1], [2, 3]));
  const h = b.add("MatMul", [x, w], { name: "first" });
  const r = b.add("Relu", [b.add("Add", [b.initializer("b", bias), h], { outputs: ["s"] })]);
  const m = b.add("MatMul", [r, b.initializer("v", f32([1, -1, 2], [3, 1]))], { name: "second" });
  b.add("Add", [m, b.initializer("c", f32([3]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}
const ops = ({ nodes }: Graph): readonly string[] => nodes.map(({ op }) => op);

test.for(engines)("the sum becomes part of the product, on %s", async ([, engine]) => {
  const joined = joinBias(network());
  expect(joined.nodes.map(({ name, op }) => [name, op])).toEqual([
    ["first", "Gemm"],
    ["relu", "Relu"],
    ["second", "Gemm"],
  ]);
  const x = f32([1, 2, -3, 0.5], [2, 2]);
  const [a, b] = [await runGraph(network(), { x }, engine), await runGraph(joined, { x }, engine)];
  expect(difference(a["y"], b["y"])).toBeLessThan(1e-5);
});

test("quantized, both biases are 32 bits, and a value before the sum is none", () => {
  const { observed } = observe(network());
  expect(observed).toEqual(["x.observed", "relu"]);
  const ranges = Object.fromEntries(observed.map((name) => [name, { min: -3, max: 3 }]));
  const { initializers } = quantize(network(), ranges);
  expect(["b.int32", "c.int32"].map((name) => initializers.get(name)?.dtype)).toEqual([
    ...["int32", "int32"],
  ]);
});

test.for<[string, Graph]>([
  ["three axes", network([2, 4, 2])],
  ["a bias of another shape", network(["N", 2], f32([1, 2, 3], [1, 3]))],
  ["a single number", network(["N", 2], scalar(1))],
])("%s: the first layer stays", ([, graph]) => {
  expect(ops(joinBias(graph))[0]).toBe("MatMul");
});

test("what is to stay stays, and so does a product that is read twice", () => {
  expect(ops(joinBias(network(), ({ name }) => name === "first"))[0]).toBe("MatMul");
  const b = graphBuilder(network());
  b.output({ name: "first", dtype: "float32" });
  expect(ops(joinBias(b.build()))[0]).toBe("MatMul");
});

test("beside an operator that is not known, nothing is joined", () => {
  const b = graphBuilder(network());
  b.add("Mystery", ["x"], { domain: "somebody" });
  expect(joinBias(b.build()).nodes.some(({ op }) => op === "Gemm")).toBe(false);
});
