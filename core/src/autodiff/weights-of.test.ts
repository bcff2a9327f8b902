import { expect, test } from "vitest";
import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { differentiableNames, weightsOf } from "./weights-of.ts";

function names(make: (b: GraphBuilder, constant: (name: string, t: Tensor) => string) => void) {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  make(b, (name, tensor) => b.initializer(name, tensor));
  b.output({ name: "y", dtype: "float32" });
  return weightsOf(b.build(), { name: "y" });
}

const vector = f32([1, 2]);

test("matrices and vectors are weights; numbers, integers and running statistics are not", () => {
  const found = names((b, init) => {
    const product = b.add("MatMul", ["x", init("w", f32([1, 2, 3, 4], [2, 2]))]);
    const moments = [init("mean", vector), init("var", vector)];
    const normal = [init("scale", vector), init("bias", vector), ...moments];
    const scaled = b.add("Mul", [
      b.add("BatchNormalization", [product, ...normal]),
      init("k", scalar(2)),
    ]);
    b.add("Reshape", [scaled, init("shape", i64([-1, 2]))], { outputs: ["y"] });
  });
  expect(found).toEqual(["w", "scale", "bias"]);
});

test("a single element is a constant where it is a factor, a weight where it is a bias or a slope", () => {
  const found = names((b, init) => {
    const one = f32([0.5]);
    const scaled = b.add("Div", [b.add("Mul", ["x", init("scale", one)]), init("root", one)]);
    const moved = b.add("Add", [b.add("PRelu", [scaled, init("slope", one)]), init("bias", one)]);
    b.add("Clip", [moved, init("low", scalar(0)), init("high", scalar(1))], { outputs: ["y"] });
  });
  expect(found).toEqual(["slope", "bias"]);
});

test("what the output does not depend on smoothly is no weight", () => {
  const found = names((b, init) => {
    b.add("Mul", ["x", init("other", vector)], { outputs: ["elsewhere"] });
    const mask = b.add("Cast", [b.add("Greater", [init("limit", vector), "x"])], {
      attributes: { to: int(1) },
    });
    b.add("Mul", [b.add("Add", ["x", init("bias", vector)]), mask], { outputs: ["y"] });
  });
  expect(found).toEqual(["bias"]);
});

test("scales of a quantized weight stay as they are", () => {
  const zero: Tensor = { dtype: "int8", shape: [2], data: Int8Array.of(0, 0) };
  const found = names((b, init) => {
    const [scale, none] = [init("scale", vector), init("zero", zero)];
    const axis = { attributes: { axis: int(0) } };
    const whole = b.add(
      "QuantizeLinear",
      [init("w", f32([1, 2, 3, 4], [2, 2])), scale, none],
      axis,
    );
    b.add("MatMul", ["x", b.add("DequantizeLinear", [whole, scale, none], axis)], {
      outputs: ["y"],
    });
  });
  expect(found).toEqual(["w"]);
});

test("a gradient can be asked of floats, but not of what says how an operator works", () => {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [1, 1, 2, 2] });
  b.input({ name: "i", dtype: "int64", shape: [2] });
  const scales = b.initializer("scales", f32([1, 1, 2, 2]));
  const larger = b.add("Resize", ["x", "", scales]);
  const limited = b.add("Clip", [larger, b.initializer("low", scalar(0))]);
  b.add("Add", [limited, b.initializer("w", f32([1, 2, 3, 4]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  expect(differentiableNames(b.build())).toEqual(["x", "low", "w"]);
});
