import { expect, test } from "vitest";
import { difference, engines, runGraph } from "../../../test/run-graph.ts";
import type { Attributes } from "./builder.ts";
import { float, graphBuilder, int, ints, text } from "./builder.ts";
import type { Attribute } from "./graph.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { encodeOnnx } from "./onnx-write.ts";
import { rewritesOf } from "./opset-rewrites.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64, sizeOf } from "./tensor.ts";

/** A file of an older opset: the form of that time, written as it is. The opset is the file's last byte. */
function oldFile(opset: number, op: string, how: Old): Uint8Array<ArrayBuffer> {
  const b = graphBuilder("old");
  b.input({ name: "x", dtype: "float32", shape: how.x.shape });
  const others = (how.constants ?? []).map((tensor, i) => b.initializer(`c${i}`, tensor));
  const outputs = Array.from({ length: how.outputs ?? 1 }, (_, i) => `y${i}`);
  b.addMany(op, ["x", ...others], outputs.length, { attributes: how.attributes ?? {}, outputs });
  b.output({ name: "y0", dtype: "float32" });
  const bytes = encodeOnnx(b.build());
  bytes[bytes.length - 1] = opset;
  return bytes;
}

type Old = {
  readonly x: Tensor;
  readonly attributes?: Attributes;
  readonly constants?: readonly Tensor[];
  readonly outputs?: number;
};

const data = (...shape: number[]): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7) % 11) / 4 - 1),
    shape,
  );
const floats = (...value: number[]): Attribute => ({ kind: "floats", value });
const x = data(2, 3, 4);

const cases: readonly (readonly [opset: number, op: string, how: Old])[] = [
  [7, "ReduceSum", { x, attributes: { axes: ints([1]), keepdims: int(0) } }],
  [11, "ReduceLogSumExp", { x, attributes: { axes: ints([-1]) } }],
  [7, "Squeeze", { x: data(2, 1, 4), attributes: { axes: ints([1]) } }],
  [7, "Squeeze", { x: data(2, 1, 4) }],
  [11, "Unsqueeze", { x, attributes: { axes: ints([0, 4]) } }],
  [7, "Split", { x, attributes: { axis: int(2), split: ints([1, 3]) }, outputs: 2 }],
  [11, "Split", { x, attributes: { axis: int(2) }, outputs: 2 }],
  [7, "Clip", { x, attributes: { min: float(-0.5) } }],
  [7, "Clip", { x, attributes: { max: float(0.25) } }],
  [10, "Clip", { x }],
  [7, "Pad", { x, attributes: { pads: ints([0, 1, 2, 0, 0, 1]), value: float(3) } }],
  [10, "Pad", { x, attributes: { pads: ints([0, 0, 2, 0, 0, 1]), mode: text("reflect") } }],
  [
    9,
    "Slice",
    { x, attributes: { starts: ints([1, 0]), ends: ints([9, -1]), axes: ints([1, 2]) } },
  ],
  [7, "Slice", { x, attributes: { starts: ints([0, 1]), ends: ints([1, 3]) } }],
  [9, "TopK", { x, attributes: { k: int(2) }, outputs: 2 }],
  [7, "Dropout", { x, attributes: { ratio: float(0.3) } }],
  [9, "BatchNormalization", { x, constants: [1, 2, 3, 4].map((k) => f32([k, k + 1, k + 2])) }],
  [9, "Scatter", { x: data(3, 2), constants: [i64([2, 0], [1, 2]), f32([9, 8], [1, 2])] }],
  [7, "Upsample", { x: data(1, 1, 2, 3), attributes: { scales: floats(1, 1, 2, 2) } }],
  [
    9,
    "Upsample",
    { x: data(1, 1, 2, 3), attributes: { mode: text("linear") }, constants: [f32([1, 1, 2, 2])] },
  ],
  [10, "Resize", { x: data(1, 1, 4, 4), constants: [f32([1, 1, 0.5, 2])] }],
  [7, "Softmax", { x }],
  [12, "Softmax", { x, attributes: { axis: int(2) } }],
  [11, "LogSoftmax", { x, attributes: { axis: int(0) } }],
];

// The oracle is onnxruntime on the file as it is, which knows the old forms.
const runtime = engines.at(-1)![1];
test.for(cases)("a %s-opset %s computes the same once it was read", async ([opset, op, how]) => {
  const bytes = oldFile(opset, op, how);
  const expected = await runGraph(bytes, { x: how.x }, runtime);
  const actual = await runGraph(decodeOnnx(bytes), { x: how.x }, runtime);
  expect(difference(actual["y0"], expected["y0"])).toBeLessThan(1e-6);
});

// Hand computation: x over the root of the mean square of its last axis, times the scale.
test("RMSNormalization of opset 23 is its definition", async () => {
  const how = {
    x: f32([3, 4, 0, 2], [2, 2]),
    constants: [f32([1, 10])],
    attributes: { epsilon: float(0) },
  };
  const graph = decodeOnnx(oldFile(23, "RMSNormalization", how));
  const { y0 } = await runGraph(graph, { x: how.x });
  const [a, b] = [Math.sqrt(12.5), Math.sqrt(2)];
  expect(difference(y0, f32([3 / a, 40 / a, 0, 20 / b], [2, 2]))).toBeLessThan(1e-5);
});

test.for([
  ["GroupNormalization", 18, {}, "convert the model to opset 21"],
  ["BatchNormalization", 7, { spatial: int(0) }, "is not read below opset 14"],
  ["RMSNormalization", 23, { axis: int(1) }, "counted from the end"],
] as const)("%s of opset %i is refused by code", ([op, opset, attributes, message]) => {
  expect(() => decodeOnnx(oldFile(opset, op, { x, attributes }))).toThrow(
    expect.objectContaining({
      code: "ONNX_OPSET_UNSUPPORTED",
      message: expect.stringContaining(message),
    }),
  );
});

test("an operator that nothing changed has no rewrites, whatever its name", () => {
  expect(rewritesOf("Relu")).toEqual([]);
  expect(rewritesOf("constructor")).toEqual([]);
});
