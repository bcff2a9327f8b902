import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int } from "../builder.ts";
import { normalization } from "./normalization.ts";

const statistics = [data(3), data(3), data(3), data(3)];
const cases: readonly OperatorCase[] = [
  { op: "BatchNormalization", feeds: [data(2, 3, 4), ...statistics] },
  {
    op: "BatchNormalization",
    feeds: [data(2, 3), ...statistics],
    attributes: { training_mode: int(1) },
    outputs: 3,
  },
  { op: "LayerNormalization", feeds: [data(2, 3, 4), data(4), data(4)] },
  { op: "LayerNormalization", feeds: [data(2, 3, 4), data(3, 4)], attributes: { axis: int(1) } },
  {
    op: "GroupNormalization",
    feeds: [data(2, 4, 5), data(4), data(4)],
    attributes: { num_groups: int(2) },
  },
  { op: "InstanceNormalization", feeds: [data(2, 3, 4), data(3), data(3)] },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(normalization).filter((op) => !covered.has(op))).toEqual([]);
});

test.for<[string, OperatorCase]>([
  ["channels must be equal", { op: "BatchNormalization", feeds: [data(2, 4), ...statistics] }],
  [
    "training mode only",
    { op: "BatchNormalization", feeds: [data(2, 3), ...statistics], outputs: 3 },
  ],
  [
    "axis 5",
    { op: "LayerNormalization", feeds: [data(2, 3), data(3)], attributes: { axis: int(5) } },
  ],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
