import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int, text } from "../builder.ts";
import { i64 } from "../tensor.ts";
import { joining } from "./joining.ts";

const cases: readonly OperatorCase[] = [
  { op: "Concat", feeds: [data(2, 3), data(2, 1)], attributes: { axis: int(-1) } },
  { op: "Concat", feeds: [data(2), data(3), data(1)], attributes: { axis: int(0) } },
  {
    op: "Split",
    feeds: [data(2, 6)],
    attributes: { axis: int(1), num_outputs: int(3) },
    outputs: 3,
  },
  { op: "Split", feeds: [data(7)], attributes: { num_outputs: int(3) }, outputs: 3 },
  { op: "Split", feeds: [data(7)], constants: { 1: i64([3, 4]) }, outputs: 2 },
  { op: "Expand", feeds: [data(3, 1)], constants: { 1: i64([2, 1, 4]) } },
  { op: "Tile", feeds: [data(2, 3)], constants: { 1: i64([2, 1]) } },
  { op: "Pad", feeds: [data(2, 3)], constants: { 1: i64([0, 1, 2, 0]) } },
  { op: "Pad", feeds: [data(4, 3)], constants: { 1: i64([-1, 2]), 3: i64([-2]) } },
  {
    op: "Pad",
    feeds: [data(2, 5)],
    constants: { 1: i64([0, 2, 0, 1]) },
    attributes: { mode: text("reflect") },
  },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(joining).filter((op) => !covered.has(op))).toEqual([]);
});

test.for<[string, OperatorCase]>([
  [
    "dimensions 0 must be equal",
    { op: "Concat", feeds: [data(2, 3), data(3, 3)], attributes: { axis: int(1) } },
  ],
  ["one rank", { op: "Concat", feeds: [data(2), data(2, 2)], attributes: { axis: int(0) } }],
  ["axis NaN", { op: "Concat", feeds: [data(2)] }],
  [
    "sum of the parts",
    { op: "Split", feeds: [data(7)], constants: { 1: i64([3, 3]) }, outputs: 2 },
  ],
  [
    "2 outputs need as many",
    { op: "Split", feeds: [data(7)], constants: { 1: i64([7]) }, outputs: 2 },
  ],
  ["does not fit", { op: "Expand", feeds: [data(3)], constants: { 1: i64([2]) } }],
  ["pads must be 4", { op: "Pad", feeds: [data(2, 3)], constants: { 1: i64([0, 1]) } }],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
