import { expect, test } from "vitest";
import type { Attributes } from "./builder.ts";
import { float, graphBuilder, int } from "./builder.ts";
import { foldAffine } from "./fold-affine.ts";
import type { Graph } from "./graph.ts";
import { f32 } from "./tensor.ts";

type Options = {
  readonly op?: string;
  readonly attributes?: Attributes;
  readonly training?: boolean;
  readonly readTwice?: boolean;
};

function normalized({ op = "Conv", attributes = {}, training, readTwice }: Options): Graph {
  const b = graphBuilder("g");
  const shape = op === "Conv" ? [1, 1, 4] : [1, 2];
  const x = b.input({ name: "x", dtype: "float32", shape });
  const w = b.initializer("w", f32([1, 2], op === "Conv" ? [1, 1, 2] : [2, 1]));
  const y = b.add(op, [x, w, b.initializer("b", f32([3]))], { attributes });
  const statistics = ["scale", "bias", "mean", "var"].map((name, i) =>
    b.initializer(name, f32([[4], [5], [6], [3]][i] ?? [])),
  );
  const n = b.add("BatchNormalization", [y, ...statistics], {
    attributes: { epsilon: float(1), training_mode: int(training ? 1 : 0) },
  });
  b.output({ name: n, dtype: "float32" });
  if (readTwice) b.output({ name: y, dtype: "float32" });
  return b.build();
}

// By hand: factor = 4 / √(3 + 1) = 2, offset = 5 − 6·2 = −7, so w → 2w and b → 2·3 − 7.
test.for(["Conv", "Gemm"])("%s takes scale and shift into its weights", (op) => {
  const folded = foldAffine(normalized({ op }));
  expect(folded.nodes).toHaveLength(1);
  expect(folded.initializers.get("w.folded")?.data).toEqual(Float32Array.of(2, 4));
  expect(folded.initializers.get("b.folded")?.data).toEqual(Float32Array.of(-1));
  expect(folded.nodes[0]?.outputs).toEqual(["batchnormalization"]);
});

test.for<[string, Options]>([
  ["training mode", { training: true }],
  ["a result that something else reads", { readTwice: true }],
  ["a product that scales itself", { op: "Gemm", attributes: { alpha: float(2) } }],
  ["an operator without weights", { op: "Clip" }],
])("%s is left alone", ([, options]) => {
  const graph = normalized(options);
  expect(foldAffine(graph)).toBe(graph);
});

test("a bias that is a column, one number an example, is left alone", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2, 2] });
  const w = b.initializer("w", f32([1, 0, 0, 1], [2, 2]));
  const y = b.add("Gemm", [x, w, b.initializer("c", f32([10, 20], [2, 1]))]);
  b.output({ name: b.add("Mul", [y, b.initializer("k", f32([2]))]), dtype: "float32" });
  const graph = b.build();
  expect(foldAffine(graph)).toBe(graph);
});

// By hand: 2·((x·w + b) − 1) / 4 + 5 with w = [1, 2] and b = 3.
test("products and sums with constants are taken in, one after the other", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 1, 4] });
  const w = b.initializer("w", f32([1, 2], [1, 1, 2]));
  const y = b.add("Conv", [x, w, b.initializer("b", f32([3]))]);
  const moved = b.add("Sub", [y, b.constant(f32([1]))]);
  const scaled = b.add("Mul", [b.constant(f32([2], [])), moved]);
  const shared = b.add("Div", [scaled, b.constant(f32([4], [1, 1, 1]))]);
  b.output({ name: b.add("Add", [shared, b.constant(f32([5], [1, 1]))]), dtype: "float32" });
  const folded = foldAffine(b.build());
  expect(folded.nodes.map(({ op }) => op)).toEqual(["Conv"]);
  const [, weight = "", bias = ""] = folded.nodes[0]?.inputs ?? [];
  expect(folded.initializers.get(weight)?.data).toEqual(Float32Array.of(0.5, 1));
  expect(folded.initializers.get(bias)?.data).toEqual(Float32Array.of((3 - 1) / 2 + 5));
});

test("a transposed convolution takes them in by its second axis", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 1, 4] });
  const y = b.add("ConvTranspose", [x, b.initializer("w", f32([1, 2, 3, 4], [1, 2, 2]))]);
  b.output({ name: b.add("Mul", [y, b.constant(f32([10, 100], [2, 1]))]), dtype: "float32" });
  const folded = foldAffine(b.build());
  expect(folded.nodes.map(({ op }) => op)).toEqual(["ConvTranspose"]);
  expect(folded.initializers.get("w.folded")?.data).toEqual(Float32Array.of(10, 20, 300, 400));
});

test.for<[string, string, readonly number[], boolean]>([
  ["along a spatial axis", "Add", [4], true],
  ["of a higher rank", "Add", [1, 1, 1, 1], true],
  ["that makes more channels", "Mul", [3, 1], true],
  ["that is divided", "Div", [1], false],
])("a constant %s is left alone", ([, op, shape, isFirst]) => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 1, 5] });
  const y = b.add("Conv", [x, b.initializer("w", f32([1, 2], [1, 1, 2]))]);
  const size = shape.reduce((count, dim) => count * dim, 1);
  const c = b.constant(f32(new Float32Array(size).fill(2), shape));
  b.output({ name: b.add(op, isFirst ? [y, c] : [c, y]), dtype: "float32" });
  const graph = b.build();
  expect(foldAffine(graph)).toBe(graph);
});

test("a division by zero stays where it is", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 1, 5] });
  const y = b.add("Conv", [x, b.initializer("w", f32([1, 2], [1, 1, 2]))]);
  b.output({ name: b.add("Div", [y, b.constant(f32([0], []))]), dtype: "float32" });
  expect(foldAffine(b.build()).nodes).toHaveLength(2);
});
