import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { ints } from "../builder.ts";
import { f32, i64 } from "../tensor.ts";

const none = f32([], [0]);
const cases: readonly OperatorCase[] = [
  { op: "Resize", feeds: [data(1, 2, 3, 4)], constants: { 1: none, 2: f32([1, 1, 2, 1.5]) } },
  { op: "Resize", feeds: [data(1, 2, 3, 4)], constants: { 1: none, 2: f32([1, 1, 0.4, 0.6]) } },
  {
    op: "Resize",
    feeds: [data(1, 2, 3, 4)],
    constants: { 1: none, 2: none, 3: i64([1, 2, 5, 2]) },
  },
  {
    op: "Resize",
    feeds: [data(2, 3, 4)],
    constants: { 1: none, 2: f32([3]) },
    attributes: { axes: ints([2]) },
  },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test.for<[string, OperatorCase]>([
  ["either scales or sizes", { op: "Resize", feeds: [data(2, 3)] }],
  [
    "1 factors for 2 axes",
    { op: "Resize", feeds: [data(2, 3)], constants: { 1: none, 2: f32([2]) } },
  ],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
