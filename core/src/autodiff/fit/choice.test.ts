import { expect, test } from "vitest";
import { graphBuilder } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { biasesOf, normalizationsOf, unitsOf } from "./choice.ts";

const b = graphBuilder("g");
const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2, 8] });
const vector = (name: string): string => b.initializer(name, f32([1, 1]));
const kernel = b.initializer("conv", f32(new Float32Array(12), [2, 2, 3]));
const conv = b.add("Conv", [x, kernel, vector("conv.bias")]);
const statistics = ["scale", "shift", "mean", "variance"].map(vector);
const normal = b.add("BatchNormalization", [conv, ...statistics]);
const shared = b.initializer("shared", f32(new Float32Array(36), [6, 6]));
const product = b.add("MatMul", [normal, shared]);
const again = b.add("MatMul", [
  b.add("Add", [product, b.initializer("added", f32([1, 1, 1, 1, 1, 1]))]),
  shared,
]);
b.add("Mul", [again, b.initializer("factor", f32([1, 1, 1, 1, 1, 1]))], { outputs: ["y"] });
b.output({ name: "y", dtype: "float32" });
const model = b.build();
const parameters = ["factor", "added", "shared", "shift", "scale", "conv.bias", "conv"];

test("a unit is what one operator reads first, in the order of operators", () => {
  expect(unitsOf(model, parameters)).toEqual([
    ["conv", "conv.bias"],
    ["scale", "shift"],
    ["shared"],
    ["added"],
    ["factor"],
  ]);
  expect(unitsOf(model, ["factor", "elsewhere"])).toEqual([["factor"], ["elsewhere"]]);
});

test("biases are what is only added, normalization what normalizations read", () => {
  expect(biasesOf(model, parameters)).toEqual(["added", "shift", "conv.bias"]);
  expect(normalizationsOf(model, parameters)).toEqual(["shift", "scale"]);
});
