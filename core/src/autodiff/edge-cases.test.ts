// Empty tensors, scalars, ties, values used twice: decided once, and the same on every runtime.
import { expect, test } from "vitest";
import { caseOf } from "../../../test/reference/case.ts";
import { gradientsOf } from "../../../test/reference/gradient-suite.ts";
import type { Attributes } from "../graph/builder.ts";
import { graphBuilder, int, ints } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, i64, sizeOf } from "../graph/tensor.ts";
import { differentiate } from "./differentiate.ts";

const none = (...shape: number[]): Tensor => f32([], shape);
const ones = (...shape: number[]): Tensor => f32(new Float32Array(sizeOf(shape)).fill(1), shape);

type Edge = {
  readonly op: string;
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly attributes?: Attributes;
  readonly constants?: readonly string[];
  readonly up: Tensor;
  readonly expected: Readonly<Record<string, readonly number[]>>;
};

const window = { kernel_shape: ints([2]) };
const axes = i64([0]);

/** What nothing came out of has gradient 0, and what is empty an empty one. */
const empty: readonly Edge[] = [
  ...["Relu", "Sigmoid", "Exp", "Gelu", "Identity", "Softmax", "LogSoftmax"].map((op) => ({
    op,
    tensors: { x: none(0, 3) },
    up: none(0, 3),
    expected: { x: [] },
  })),
  ...["Add", "Sub", "Mul", "Div", "Max", "Min"].map((op) => ({
    op,
    tensors: { a: none(2, 0, 3), b: ones(2, 1, 1) },
    up: none(2, 0, 3),
    expected: { a: [], b: [0, 0] },
  })),
  {
    op: "MatMul",
    tensors: { a: none(2, 0), b: none(0, 3) },
    up: ones(2, 3),
    expected: { a: [], b: [] },
  },
  {
    op: "Gemm",
    tensors: { a: none(2, 0), b: none(0, 3), c: ones(3) },
    up: ones(2, 3),
    expected: { a: [], b: [], c: [2, 2, 2] },
  },
  {
    op: "Concat",
    tensors: { a: none(0, 2), b: ones(1, 2) },
    attributes: { axis: int(0) },
    up: f32([3, 4], [1, 2]),
    expected: { a: [], b: [3, 4] },
  },
  {
    op: "Slice",
    tensors: { x: ones(3), starts: i64([2]), ends: i64([2]) },
    constants: ["starts", "ends"],
    up: none(0),
    expected: { x: [0, 0, 0] },
  },
  {
    op: "Slice",
    tensors: { x: ones(3), starts: i64([2]), ends: i64([2]), axes },
    constants: ["axes"],
    up: none(0),
    expected: { x: [0, 0, 0] },
  },
  {
    op: "Gather",
    tensors: { x: ones(2, 2), i: i64([], [0]) },
    up: none(0, 2),
    expected: { x: [0, 0, 0, 0] },
  },
  {
    op: "Pad",
    tensors: { x: none(0), pads: i64([1, 2]), value: f32([5], []) },
    constants: ["pads"],
    up: f32([1, 2, 4]),
    expected: { x: [], value: [7] },
  },
  {
    op: "Expand",
    tensors: { x: ones(1), shape: i64([0]) },
    constants: ["shape"],
    up: none(0),
    expected: { x: [0] },
  },
  {
    op: "Tile",
    tensors: { x: ones(2), repeats: i64([0]) },
    constants: ["repeats"],
    up: none(0),
    expected: { x: [0, 0] },
  },
  {
    op: "Reshape",
    tensors: { x: none(0, 4), shape: i64([4, 0]) },
    constants: ["shape"],
    attributes: { allowzero: int(1) },
    up: none(4, 0),
    expected: { x: [] },
  },
  ...["ReduceSum", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceProd"].map((op) => ({
    op,
    tensors: { x: none(0, 2), axes },
    constants: ["axes"],
    attributes: { keepdims: int(0) },
    up: f32([1, 2]),
    expected: { x: [] },
  })),
  {
    op: "Conv",
    tensors: { x: none(0, 1, 4), w: ones(1, 1, 2), b: ones(1) },
    up: none(0, 1, 3),
    expected: { x: [], w: [0, 0], b: [0] },
  },
  {
    op: "AveragePool",
    tensors: { x: none(0, 1, 4) },
    attributes: window,
    up: none(0, 1, 3),
    expected: { x: [] },
  },
  {
    op: "MaxPool",
    tensors: { x: none(0, 1, 4) },
    attributes: window,
    up: none(0, 1, 3),
    expected: { x: [] },
  },
  {
    op: "LayerNormalization",
    tensors: { x: none(0, 2), scale: ones(2), bias: ones(2) },
    up: none(0, 2),
    expected: { x: [], scale: [0, 0], bias: [0, 0] },
  },
  {
    op: "Einsum",
    tensors: { a: none(2, 0), b: none(0, 2) },
    attributes: { equation: { kind: "string", value: "ij,jk->ik" } },
    up: ones(2, 2),
    expected: { a: [], b: [] },
  },
  {
    op: "ScatterND",
    tensors: { x: ones(2), i: i64([], [0, 1]), updates: none(0) },
    up: f32([3, 4]),
    expected: { x: [3, 4], updates: [] },
  },
];

/** Values of rank 0. */
const scalars: readonly Edge[] = [
  ...["ReduceSum", "ReduceMean", "ReduceMax"].map((op) => ({
    op,
    tensors: { x: f32([4], []) },
    attributes: { keepdims: int(0) },
    up: f32([3], []),
    expected: { x: [3] },
  })),
  {
    op: "Unsqueeze",
    tensors: { x: f32([4], []), axes },
    constants: ["axes"],
    up: f32([3]),
    expected: { x: [3] },
  },
  { op: "Transpose", tensors: { x: f32([4], []) }, up: f32([3], []), expected: { x: [3] } },
  {
    op: "Expand",
    tensors: { x: f32([4], []), shape: i64([2, 2]) },
    constants: ["shape"],
    up: f32([1, 2, 3, 4], [2, 2]),
    expected: { x: [10] },
  },
];

/** Equal elements, and kinks: which of them gets the gradient, as PyTorch has it. */
const ties: readonly Edge[] = [
  {
    op: "Max",
    tensors: { a: f32([1, 1]), b: f32([1, 0]), c: f32([1, 1]) },
    up: f32([3, 4]),
    expected: { a: [1, 2], b: [1, 0], c: [1, 2] },
  },
  {
    op: "TopK",
    tensors: { x: f32([2, 5, 5, 1]), k: i64([1]) },
    constants: ["k"],
    up: f32([3]),
    expected: { x: [0, 3, 0, 0] },
  },
  { op: "ReduceL1", tensors: { x: f32([0, -2]) }, up: f32([3]), expected: { x: [0, -3] } },
  { op: "ReduceProd", tensors: { x: f32([0, 2, 3]) }, up: f32([1]), expected: { x: [6, 0, 0] } },
  { op: "ReduceProd", tensors: { x: f32([0, 0, 3]) }, up: f32([1]), expected: { x: [0, 0, 0] } },
  {
    op: "PRelu",
    tensors: { x: f32([0, -1]), slope: f32([0.5]) },
    up: f32([2, 4]),
    expected: { x: [1, 2], slope: [-4] },
  },
  {
    op: "Pow",
    tensors: { x: f32([0, 2]), p: f32([2, 0]) },
    up: f32([1, 1]),
    // The slope by the exponent is ln 2 at 2^0, and 0 at 0^2.
    expected: { x: [0, 0], p: [0, Math.LN2] },
  },
  {
    op: "Clip",
    tensors: { x: f32([0, 1, 2]), low: f32([1], []), high: f32([1], []) },
    up: f32([1, 2, 4]),
    // What is raised to a limit is the lower one's, what is cut the upper one's, what is on it the input's.
    expected: { x: [0, 2, 0], low: [1], high: [4] },
  },
];

const edges = Object.entries({ empty, scalars, ties }).flatMap(([kind, list]) =>
  list.map((edge) => [kind, edge.op, edge] as const),
);

test.for(edges)(
  "%s: %s",
  async ([, op, { tensors, attributes = {}, constants = [], up, expected }]) => {
    const isPair = op === "TopK";
    const { graph, feeds } = caseOf(op, tensors, {
      attributes,
      constants,
      ...(isPair ? { outputs: 2, dtypes: { y1: "int64" as const } } : {}),
    });
    const found = await gradientsOf(graph, feeds, up);
    for (const [name, gradient] of Object.entries(expected)) {
      expect(found[name], name).toEqual(gradient.map((e) => expect.closeTo(e, 6)));
    }
  },
);

// Hand computation: every place where x stands adds its own gradient.
test.for<[string, readonly string[], Attributes, readonly number[], readonly number[]]>([
  ["Add", ["x", "x"], {}, [3, 4], [6, 8]],
  ["Mul", ["x", "x"], {}, [3, 4], [6, 16]],
  ["Sub", ["x", "x"], {}, [3, 4], [0, 0]],
  ["Max", ["x", "x"], {}, [3, 4], [3, 4]],
  ["Concat", ["x", "x", "x"], { axis: int(0) }, [1, 2, 3, 4, 5, 6], [9, 12]],
  ["MatMul", ["x", "x"], {}, [3], [6, 12]],
])("%s of one value twice", async ([op, inputs, attributes, up, expected]) => {
  const b = graphBuilder("twice");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  b.add(op, inputs, { attributes, outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  const shape = op === "MatMul" ? [] : [up.length];
  expect((await gradientsOf(b.build(), { x: f32([1, 2]) }, f32(up, shape)))["x"]).toEqual(expected);
});

test("outputs that are no floats take no gradient, and a graph of such alone gives zeros", () => {
  const b = graphBuilder("integers");
  b.input({ name: "x", dtype: "float32", shape: [3] });
  b.add("ArgMax", ["x"], { outputs: ["best"], attributes: { axis: int(0) } });
  b.output({ name: "best", dtype: "int64" });
  const step = differentiate(b.build());
  expect(step.inputs.map(({ name }) => name)).toEqual(["x"]);
  expect(step.outputs.map(({ name }) => name)).toEqual(["best", "x.grad"]);
});

test("a gradient crosses casts between floats, each in its own type", async () => {
  const b = graphBuilder("casts");
  b.input({ name: "x", dtype: "float32", shape: ["N"] });
  const double = b.add("Cast", ["x"], { attributes: { to: int(11) } });
  const square = b.add("Mul", [double, double]);
  b.add("Cast", [square], { outputs: ["y"], attributes: { to: int(1) } });
  b.output({ name: "y", dtype: "float32", shape: ["N"] });
  expect(await gradientsOf(b.build(), { x: f32([3, -1]) }, f32([1, 2]))).toEqual({ x: [6, -4] });
});
