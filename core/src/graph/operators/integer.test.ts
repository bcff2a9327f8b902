import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { ints } from "../builder.ts";
import type { Tensor } from "../tensor.ts";
import { sizeOf } from "../tensor.ts";
import { integer } from "./integer.ts";

const uint8 = (...shape: number[]): Tensor => ({
  dtype: "uint8",
  shape,
  data: Uint8Array.from({ length: sizeOf(shape) }, (_, i) => (i * 7) % 256),
});
const int8 = (...shape: number[]): Tensor => ({
  dtype: "int8",
  shape,
  data: Int8Array.from({ length: sizeOf(shape) }, (_, i) => (i * 5) % 128),
});

const cases: readonly OperatorCase[] = [
  { op: "DynamicQuantizeLinear", feeds: [data(2, 3)], outputs: 3 },
  { op: "MatMulInteger", feeds: [uint8(2, 3), int8(3, 4), uint8()] },
  { op: "MatMulInteger", feeds: [uint8(5, 2, 3), int8(3, 4)] },
  { op: "ConvInteger", feeds: [uint8(1, 2, 5, 5), int8(3, 2, 3, 3), uint8()] },
  {
    op: "ConvInteger",
    feeds: [uint8(2, 2, 9), int8(3, 2, 3)],
    attributes: { strides: ints([2]), pads: ints([1, 1]) },
  },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(integer).filter((op) => !covered.has(op))).toEqual([]);
});

test.for<[string, OperatorCase]>([
  ["inner dimensions", { op: "MatMulInteger", feeds: [uint8(2, 3), int8(2, 3)] }],
  ["float32", { op: "ConvInteger", feeds: [data(1, 2, 5), int8(3, 2, 3)] }],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
