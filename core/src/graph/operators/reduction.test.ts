import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int } from "../builder.ts";
import { i64 } from "../tensor.ts";
import { reduction } from "./reduction.ts";

const kinds = Object.keys(reduction).filter((op) => op.startsWith("Reduce"));
const cases: readonly OperatorCase[] = [
  ...kinds.map((op) => ({ op, feeds: [data(2, 3, 4)], constants: { 1: i64([1, -1]) } })),
  { op: "ReduceSum", feeds: [data(2, 3)] },
  { op: "ReduceSum", feeds: [data(2, 3)], attributes: { keepdims: int(0) } },
  {
    op: "ReduceMean",
    feeds: [data(2, 3)],
    constants: { 1: i64([0]) },
    attributes: { keepdims: int(0) },
  },
  {
    op: "ReduceSum",
    feeds: [data(2, 3)],
    constants: { 1: i64([]) },
    attributes: { noop_with_empty_axes: int(1) },
  },
  { op: "ArgMax", feeds: [data(2, 3)], attributes: { axis: int(-1) } },
  { op: "ArgMax", feeds: [data(2, 3)], attributes: { axis: int(1), keepdims: int(0) } },
  { op: "ArgMin", feeds: [data(2, 3)] },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(reduction).filter((op) => !covered.has(op))).toEqual([]);
});

test("an axis outside the rank is refused", () => {
  expect(() => graphOf({ op: "ReduceSum", feeds: [data(2)], constants: { 1: i64([1]) } })).toThrow(
    "axis 1",
  );
});
