import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int } from "../builder.ts";
import type { Tensor } from "../tensor.ts";
import { f32, scalar } from "../tensor.ts";
import { quantization } from "./quantization.ts";

const int8 = (shape: number[], values: number[]): Tensor => ({
  dtype: "int8",
  shape,
  data: Int8Array.from(values),
});
const cases: readonly OperatorCase[] = [
  { op: "QuantizeLinear", feeds: [data(2, 3), scalar(0.5)] },
  { op: "QuantizeLinear", feeds: [data(2, 3), scalar(0.5), int8([], [3])] },
  {
    op: "QuantizeLinear",
    feeds: [data(2, 3), f32([1, 2]), int8([2], [0, 1])],
    attributes: { axis: int(0) },
  },
  { op: "QuantizeLinear", feeds: [data(2, 3), scalar(0.5)], attributes: { output_dtype: int(3) } },
  { op: "DequantizeLinear", feeds: [int8([2], [1, 2]), scalar(0.5)] },
  {
    op: "DequantizeLinear",
    feeds: [{ dtype: "int32", shape: [2], data: Int32Array.of(1, 2) }, f32([1, 2])],
    attributes: { axis: int(0) },
  },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(quantization).filter((op) => !covered.has(op))).toEqual([]);
});

test.for<[string, OperatorCase]>([
  ["scales and the quantized axis", { op: "QuantizeLinear", feeds: [data(2, 3), f32([1, 2])] }],
  ["scalar or a list", { op: "QuantizeLinear", feeds: [data(2, 3), data(1, 1)] }],
  [
    "cannot quantize to float32",
    { op: "QuantizeLinear", feeds: [data(2), scalar(1)], attributes: { output_dtype: int(1) } },
  ],
  [
    "zero point is int8",
    {
      op: "QuantizeLinear",
      feeds: [data(2), scalar(1), int8([], [0])],
      attributes: { output_dtype: int(2) },
    },
  ],
  [
    "one dtype",
    {
      op: "DequantizeLinear",
      feeds: [int8([1], [1]), scalar(1), { dtype: "uint8", shape: [], data: Uint8Array.of(0) }],
    },
  ],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
