import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int, text } from "../builder.ts";

const cases: readonly OperatorCase[] = [
  { op: "DepthToSpace", feeds: [data(2, 12, 2, 3)], attributes: { blocksize: int(2) } },
  {
    op: "DepthToSpace",
    feeds: [data(1, 9, 2, 3)],
    attributes: { blocksize: int(3), mode: text("CRD") },
  },
  { op: "SpaceToDepth", feeds: [data(2, 3, 6, 9)], attributes: { blocksize: int(3) } },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test.for<[string, OperatorCase]>([
  [
    "does not divide",
    { op: "DepthToSpace", feeds: [data(1, 3, 2, 2)], attributes: { blocksize: int(2) } },
  ],
  [
    "at least 1",
    { op: "SpaceToDepth", feeds: [data(1, 3, 2, 2)], attributes: { blocksize: int(0) } },
  ],
  ["rank 3", { op: "SpaceToDepth", feeds: [data(3, 2, 2)], attributes: { blocksize: int(2) } }],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
