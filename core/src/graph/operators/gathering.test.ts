import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int, text } from "../builder.ts";
import { i64 } from "../tensor.ts";
import { gathering } from "./gathering.ts";

const cases: readonly OperatorCase[] = [
  { op: "Gather", feeds: [data(4, 5), i64([0, 2, -1], [3, 1])], attributes: { axis: int(1) } },
  { op: "Gather", feeds: [data(4, 5), i64([2], [])] },
  { op: "GatherElements", feeds: [data(3, 4), i64([0, 1, 2, 0], [1, 4])] },
  { op: "GatherND", feeds: [data(2, 3, 4), i64([0, 1, 1, 0], [2, 2])] },
  {
    op: "GatherND",
    feeds: [data(2, 3, 4), i64([1, 0], [2, 1])],
    attributes: { batch_dims: int(1) },
  },
  {
    op: "ScatterElements",
    feeds: [data(3, 4), i64([0, 0, 2, 0], [1, 4]), data(1, 4)],
    attributes: { reduction: text("add") },
  },
  {
    op: "ScatterND",
    feeds: [data(4, 2), i64([1, 1], [2, 1]), data(2, 2)],
    attributes: { reduction: text("add") },
  },
  { op: "TopK", feeds: [data(2, 5)], constants: { 1: i64([3]) }, outputs: 2 },
  {
    op: "TopK",
    feeds: [data(5, 2)],
    constants: { 1: i64([2]) },
    attributes: { axis: int(0), largest: int(0) },
    outputs: 2,
  },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(gathering).filter((op) => !covered.has(op))).toEqual([]);
});

test.for<[string, OperatorCase]>([
  ["expected int32 or int64", { op: "Gather", feeds: [data(4), data(1)] }],
  ["index 3 is outside 2", { op: "Gather", constants: { 0: i64([1, 2]), 1: i64([3]) } }],
  ["has rank 1, expected 2", { op: "GatherElements", feeds: [data(3, 4), i64([0])] }],
  ["longer than rank", { op: "GatherND", feeds: [data(3), i64([0, 0], [1, 2])] }],
  ["of indices and updates", { op: "ScatterElements", feeds: [data(3), i64([0, 1]), data(1)] }],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
