import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int } from "../builder.ts";
import { i64 } from "../tensor.ts";
import { spectral } from "./spectral.ts";

const axis = i64([1], []);
const cases: readonly OperatorCase[] = [
  { op: "DFT", feeds: [data(2, 8, 1)] },
  { op: "DFT", feeds: [data(2, 8, 1)], attributes: { onesided: int(1) }, constants: { 2: axis } },
  { op: "DFT", feeds: [data(2, 8, 2)], constants: { 1: i64([16], []), 2: axis } },
  {
    op: "DFT",
    feeds: [data(2, 8, 3, 1)],
    attributes: { onesided: int(1) },
    constants: { 2: axis },
  },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("the table holds DFT", () => {
  expect(Object.keys(spectral)).toEqual(["DFT"]);
});

test("the axis of real and imaginary part is refused", () => {
  expect(() =>
    graphOf({ op: "DFT", feeds: [data(2, 8, 1)], constants: { 2: i64([-1], []) } }),
  ).toThrow("last axis");
});
