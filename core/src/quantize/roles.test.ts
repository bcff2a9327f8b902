import { expect, test } from "vitest";
import { float, graphBuilder, text } from "../graph/builder.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { dataInputs, roleOf } from "./roles.ts";

test.for([
  ["a product with a constant before it", "MatMul", ["w", "x"], {}],
  ["a scaled product", "Gemm", ["x", "w"], { alpha: float(2) }],
  ["a bias that is computed", "Gemm", ["x", "w", "x"], {}],
  ["a bias of another shape", "Gemm", ["x", "w", "s"], {}],
  ["a limit that is computed", "Clip", ["x", "x"], {}],
  ["an operator without an integer kernel", "Tanh", ["x"], {}],
  ["padding with something else than zero", "Pad", ["x", "p", "s"], {}],
  ["a cubic resize", "Resize", ["x", "", "w"], { mode: text("cubic") }],
] as const)("%s stays in float", ([, op, inputs, attributes]) => {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [2, 2] });
  b.initializer("w", f32(new Float32Array(4), [2, 2]));
  b.initializer("s", scalar(1));
  b.initializer("p", i64([0, 0, 1, 1]));
  b.add(op, inputs, { attributes });
  const [node] = b.build().nodes;
  expect(node && roleOf(node, b.build()).kind).toBe("float");
});

test.for([
  ["MatMul", ["x", "x"], "computed"],
  ["MatMul", ["x", "w"], "weighted"],
  ["Pad", ["x", "p"], "moving"],
  ["Resize", ["x", "", "w"], "moving"],
  ["Relu", ["x"], "rectifier"],
] as const)("%s of %j is %s", ([op, inputs, kind]) => {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [2, 2] });
  b.initializer("w", f32(new Float32Array(4), [2, 2]));
  b.initializer("p", i64([0, 0, 1, 1]));
  b.add(op, inputs);
  const [node] = b.build().nodes;
  expect(node && roleOf(node, b.build()).kind).toBe(kind);
});

test("only a product of activations reads data in its second place", () => {
  const node = { name: "", op: "MatMul", inputs: ["x", "w"], outputs: ["y"], attributes: {} };
  expect([dataInputs(node, "weighted"), dataInputs(node, "computed")]).toEqual([["x"], ["x", "w"]]);
});
