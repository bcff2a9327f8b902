import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int, ints } from "../builder.ts";
import { inferValues } from "../infer.ts";
import { i64 } from "../tensor.ts";
import { reshaping } from "./reshaping.ts";

const reshape = (...target: number[]): OperatorCase => ({
  op: "Reshape",
  feeds: [data(2, 3, 4)],
  constants: { 1: i64(target) },
});
const cases: readonly OperatorCase[] = [
  reshape(6, 4),
  reshape(0, -1),
  reshape(-1),
  reshape(0, 0, 2, 2),
  {
    op: "Reshape",
    feeds: [data(0, 3)],
    constants: { 1: i64([3, 0]) },
    attributes: { allowzero: int(1) },
  },
  { op: "Flatten", feeds: [data(2, 3, 4)] },
  { op: "Flatten", feeds: [data(2, 3, 4)], attributes: { axis: int(0) } },
  { op: "Flatten", feeds: [data(2, 3, 4)], attributes: { axis: int(-1) } },
  { op: "Flatten", feeds: [data(2, 3, 4)], attributes: { axis: int(3) } },
  { op: "Squeeze", feeds: [data(1, 3, 1)], constants: { 1: i64([-1]) } },
  { op: "Squeeze", feeds: [data(1, 3, 1)] },
  { op: "Unsqueeze", feeds: [data(2, 3)], constants: { 1: i64([0, -1]) } },
  { op: "Transpose", feeds: [data(2, 3, 4)] },
  { op: "Transpose", feeds: [data(2, 3, 4)], attributes: { perm: ints([1, 2, 0]) } },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(reshaping).filter((op) => !covered.has(op))).toEqual([]);
});

test.for<[number[], (number | string)[]]>([
  [
    [0, -1],
    ["N", 12],
  ],
  [
    [-1, 12],
    ["N", 12],
  ],
  [
    [-1, 3, 2, 2],
    ["N", 3, 2, 2],
  ],
  [
    [0, 4, 3],
    ["N", 4, 3],
  ],
])("a named batch reshaped to %j is %j", ([target, expected]) => {
  const graph = graphOf(reshape(...target), (size, axis) => (axis === 0 ? "N" : size));
  expect(inferValues(graph).get("reshape")?.shape).toEqual(expected);
});

test.for<[string, OperatorCase]>([
  ["does not fit", reshape(5, 5)],
  ["does not fit", reshape(7, -1)],
  ["only one -1", reshape(-1, -1)],
  ["a squeezed dimension and 1", { op: "Squeeze", feeds: [data(2)], constants: { 1: i64([0]) } }],
  ["axes must differ", { op: "Unsqueeze", feeds: [data(2)], constants: { 1: i64([0, 0]) } }],
  [
    "name each of 2 axes",
    { op: "Transpose", feeds: [data(2, 2)], attributes: { perm: ints([0, 0]) } },
  ],
  ["outside rank", { op: "Flatten", feeds: [data(2)], attributes: { axis: int(2) } }],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
