import { expect, test } from "vitest";
import { graphBuilder, int } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { adaptableLayers, adapterShapes, fanIn } from "./layer.ts";

const zeros = (...shape: number[]) =>
  f32(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);

test("weights of Conv, Gemm and MatMul are layers, each with the shapes of its factors", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 8, 20] });
  const conv = b.add("Conv", [x, b.initializer("conv", zeros(12, 4, 5))], {
    attributes: { group: int(2) },
  });
  const flat = b.add("Flatten", [conv]);
  const hidden = b.add("MatMul", [flat, b.initializer("product", zeros(192, 30))]);
  b.output({
    name: b.add("Gemm", [hidden, b.initializer("head", zeros(6, 30)), b.constant(zeros(6))], {
      attributes: { transB: int(1) },
    }),
    dtype: "float32",
  });
  const layers = adaptableLayers(b.build());
  expect(layers.map(({ weight, layout }) => [weight, layout.kind])).toEqual([
    ["conv", "kernels"],
    ["product", "columns"],
    ["head", "rows"],
  ]);
  expect(layers.map((layer) => adapterShapes(layer, 3))).toEqual([
    { down: [6, 4, 5], up: [12, 3, 1] },
    { down: [192, 3], up: [3, 30] },
    { down: [3, 30], up: [6, 3] },
  ]);
  expect(layers.map(fanIn)).toEqual([20, 192, 30]);
});

test("a weight that is read in another way, or in two, is no layer", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [4, 4] });
  const attributes = { transB: int(1) };
  const w = (name: string, ...shape: number[]) => b.initializer(name, zeros(...shape));
  const sums = [
    b.add("MatMul", [w("left", 4, 4), x]),
    b.add("MatMul", [x, w("stacked", 2, 4, 4)]),
    b.add("Gemm", [x, w("transposed", 4, 4)], { attributes: { transA: int(1) } }),
    b.add("MatMul", [x, w("added", 4, 4)]),
    b.add("Add", [x, "added"]),
    b.add("Gemm", [x, w("both", 4, 4)]),
    b.add("Gemm", [x, "both"], { attributes }),
    b.add("MatMul", [x, w("output", 4, 4)]),
    b.add("MatMul", [x, w("twice", 4, 4)]),
    b.add("MatMul", [x, "twice"]),
  ];
  for (const name of [...sums, "output"]) b.output({ name, dtype: "float32" });
  const layers = adaptableLayers(b.build());
  expect(layers.map(({ weight, nodes }) => [weight, nodes.length])).toEqual([["twice", 2]]);
});
