// Operators in the forms of older opsets, as files of those: what the reader's rewrites are checked on.
import type { Attributes } from "../core/src/graph/builder.ts";
import { float, graphBuilder, int, ints, text } from "../core/src/graph/builder.ts";
import type { Attribute, Graph } from "../core/src/graph/graph.ts";
import { encodeOnnx } from "../core/src/graph/onnx-write.ts";
import type { Tensor } from "../core/src/graph/tensor.ts";
import { f32, i64, sizeOf } from "../core/src/graph/tensor.ts";

/** Writes a graph as it is as a file of another opset, which is the file's last byte. */
export function fileOf(graph: Graph, opset: number): Uint8Array<ArrayBuffer> {
  const bytes = encodeOnnx(graph);
  bytes[bytes.length - 1] = opset;
  return bytes;
}

/** A file of one operator in the form of an older opset. */
export function oldFile(opset: number, op: string, how: Old): Uint8Array<ArrayBuffer> {
  const b = graphBuilder("old");
  b.input({ name: "x", dtype: "float32", shape: how.x.shape });
  const others = (how.constants ?? []).map((tensor, i) => b.initializer(`c${i}`, tensor));
  const outputs = Array.from({ length: how.outputs ?? 1 }, (_, i) => `y${i}`);
  b.addMany(op, ["x", ...others], outputs.length, { attributes: how.attributes ?? {}, outputs });
  b.output({ name: "y0", dtype: "float32" });
  return fileOf(b.build(), opset);
}

export type Old = {
  readonly x: Tensor;
  readonly attributes?: Attributes;
  readonly constants?: readonly Tensor[];
  readonly outputs?: number;
};

export const data = (...shape: number[]): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7) % 11) / 4 - 1),
    shape,
  );
const floats = (...value: number[]): Attribute => ({ kind: "floats", value });
const x = data(2, 3, 4);

const positive = f32(
  Float32Array.from({ length: 24 }, (_, i) => ((i * 5) % 7) / 4 + 0.25),
  [2, 3, 4],
);
const statistics = [1, 2, 3, 4].map((k) => f32([k, k + 1, k + 2]));
const reductions = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"];

/** Forms that a later opset changed. */
export const oldForms: readonly (readonly [opset: number, op: string, how: Old])[] = [
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
  [7, "LogSoftmax", { x }],
  [11, "LogSoftmax", { x, attributes: { axis: int(0) } }],
  [11, "Softmax", { x, attributes: { axis: int(1) } }],
  ...reductions.flatMap((kind) => [
    [7, `Reduce${kind}`, { x: positive, attributes: { axes: ints([0, 2]) } }] as const,
    [
      11,
      `Reduce${kind}`,
      { x: positive, attributes: { axes: ints([-1]), keepdims: int(0) } },
    ] as const,
    [13, `Reduce${kind}`, { x: positive }] as const,
  ]),
  [12, "ReduceMax", { x, attributes: { axes: ints([1]) } }],
  [12, "ReduceMin", { x, attributes: { axes: ints([1]) } }],
  [11, "ReduceSum", { x, attributes: { axes: ints([-2]) } }],
  [11, "Squeeze", { x: data(2, 1, 4), attributes: { axes: ints([-2]) } }],
  [7, "Unsqueeze", { x, attributes: { axes: ints([1]) } }],
  [7, "Dropout", { x, outputs: 2 }],
  [10, "Dropout", { x, attributes: { ratio: float(0.3) }, outputs: 2 }],
  [7, "BatchNormalization", { x, constants: statistics }],
  // "To the end", as exporters wrote it before the attribute became an input.
  [9, "Slice", { x, attributes: { axes: ints([1]), starts: ints([1]), ends: ints([2 ** 52]) } }],
  [
    18,
    "GroupNormalization",
    { x: data(2, 6, 3), attributes: { num_groups: int(2) }, constants: [f32([1, 2]), f32([3, 4])] },
  ],
];
