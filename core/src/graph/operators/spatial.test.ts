import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int, ints, text } from "../builder.ts";
import { kernelOf, spatial } from "./spatial.ts";

const shape = (...values: number[]): ReturnType<typeof ints> => ints(values);
const cases: readonly OperatorCase[] = [
  {
    op: "Conv",
    feeds: [data(2, 3, 11), data(4, 3, 5), data(4)],
    attributes: { pads: shape(2, 1) },
  },
  {
    op: "Conv",
    feeds: [data(1, 4, 9, 8), data(6, 2, 3, 2)],
    attributes: { group: int(2), strides: shape(2, 1), dilations: shape(2, 3) },
  },
  {
    op: "Conv",
    feeds: [data(1, 1, 7), data(1, 1, 2)],
    attributes: { auto_pad: text("SAME_UPPER"), strides: shape(2) },
  },
  { op: "Conv", feeds: [data(1, 1, 7), data(1, 1, 2)], attributes: { auto_pad: text("VALID") } },
  {
    op: "ConvTranspose",
    feeds: [data(2, 3, 5), data(3, 4, 3)],
    attributes: { strides: shape(2), output_padding: shape(1) },
  },
  {
    op: "ConvTranspose",
    feeds: [data(1, 4, 5), data(4, 3, 3)],
    attributes: { group: int(2), pads: shape(1, 0), dilations: shape(2) },
  },
  {
    op: "ConvTranspose",
    feeds: [data(1, 1, 5), data(1, 1, 3)],
    attributes: { auto_pad: text("SAME_LOWER"), strides: shape(3) },
  },
  {
    op: "ConvTranspose",
    feeds: [data(1, 1, 5), data(1, 1, 3)],
    attributes: { output_shape: shape(9), strides: shape(2) },
  },
  {
    op: "MaxPool",
    feeds: [data(2, 3, 9)],
    attributes: { kernel_shape: shape(3), strides: shape(2) },
    outputs: 2,
  },
  // Six sizes around the place where a last window would lie in the padding only.
  ...[5, 6, 7, 8, 9, 10].map((size) => ({
    op: "MaxPool",
    feeds: [data(1, 1, size)],
    attributes: { kernel_shape: shape(2), strides: shape(3), pads: shape(1, 1), ceil_mode: int(1) },
  })),
  {
    op: "AveragePool",
    feeds: [data(1, 2, 6, 7)],
    attributes: { kernel_shape: shape(2, 3), pads: shape(0, 1, 1, 1), count_include_pad: int(1) },
  },
  {
    op: "AveragePool",
    feeds: [data(1, 2, 6)],
    attributes: { kernel_shape: shape(2), auto_pad: text("SAME_UPPER"), strides: shape(4) },
  },
  { op: "GlobalAveragePool", feeds: [data(2, 3, 4)] },
  { op: "GlobalMaxPool", feeds: [data(2, 3, 4, 5)] },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(spatial).filter((op) => !covered.has(op))).toEqual([]);
});

test.for<[string, OperatorCase]>([
  ["channels of input and weights × group", { op: "Conv", feeds: [data(1, 3, 9), data(2, 2, 3)] }],
  ["output channels and bias", { op: "Conv", feeds: [data(1, 3, 9), data(2, 3, 3), data(3)] }],
  ["kernel 5 is larger than 4", { op: "Conv", feeds: [data(1, 3, 4), data(2, 3, 5)] }],
  ["expected 4", { op: "Conv", feeds: [data(1, 3, 4, 4), data(2, 3, 3)] }],
  [
    "strides must be 1",
    { op: "Conv", feeds: [data(1, 3, 4), data(2, 3, 3)], attributes: { strides: shape(0) } },
  ],
  [
    "kernel_shape and weights",
    { op: "Conv", feeds: [data(1, 3, 4), data(2, 3, 3)], attributes: { kernel_shape: shape(2) } },
  ],
  ["kernel_shape is required", { op: "MaxPool", feeds: [data(1, 3, 4)] }],
  ["channels of input and weights", { op: "ConvTranspose", feeds: [data(1, 3, 4), data(2, 3, 3)] }],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});

test("a kernel's lists have ONNX's defaults", () => {
  const node = {
    name: "c",
    op: "Conv",
    inputs: [],
    outputs: [],
    attributes: { pads: shape(1, 2) },
  };
  expect(kernelOf(node, [3])).toEqual({
    size: [3],
    strides: [1],
    dilations: [1],
    padBegin: [1],
    padEnd: [2],
  });
});
