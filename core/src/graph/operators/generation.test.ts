import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int } from "../builder.ts";
import { f32, i64 } from "../tensor.ts";
import { generation } from "./generation.ts";

const one = (value: number): ReturnType<typeof i64> => i64([value], []);
const cases: readonly OperatorCase[] = [
  { op: "Shape", feeds: [data(2, 3, 4)] },
  { op: "Shape", feeds: [data(2, 3, 4)], attributes: { start: int(1), end: int(-1) } },
  { op: "Size", feeds: [data(2, 3)] },
  { op: "ConstantOfShape", constants: { 0: i64([2, 3]) } },
  {
    op: "ConstantOfShape",
    constants: { 0: i64([2]) },
    attributes: { value: { kind: "tensor", value: i64([5]) } },
  },
  { op: "Range", constants: { 0: one(1), 1: one(8), 2: one(3) } },
  { op: "Range", constants: { 0: one(5), 1: one(0), 2: one(-2) } },
  { op: "OneHot", feeds: [i64([0, 2], [1, 2])], constants: { 1: one(3), 2: f32([0, 1]) } },
  {
    op: "OneHot",
    feeds: [i64([0, 2])],
    constants: { 1: i64([3]), 2: f32([0, 1]) },
    attributes: { axis: int(0) },
  },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(generation).filter((op) => !covered.has(op))).toEqual([]);
});

test("a step of 0 is refused", () => {
  expect(() => graphOf({ op: "Range", constants: { 0: one(1), 1: one(2), 2: one(0) } })).toThrow(
    "step",
  );
});
