import { expect, test } from "vitest";
import { cases } from "../../../test/reference/cases.ts";
import { gradientOf, gradients } from "./gradients.ts";

test("every row of the gradient table has random cases; what draws or rounds has its own test", () => {
  const covered = new Set(Object.keys(cases).map((name) => name.split(" ")[0]));
  expect(Object.keys(gradients).filter((op) => !covered.has(op))).toEqual([
    "Dropout",
    "QuantizeLinear",
    "DequantizeLinear",
  ]);
});

test("a name that is no operator has no row", () => {
  expect(gradientOf("toString")).toBeUndefined();
  expect(gradientOf("Loop")).toBeUndefined();
});
