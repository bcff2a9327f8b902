import { expect, test } from "vitest";
import { foldIntegers } from "./integer-folds.ts";
import type { Element, Known } from "./operator.ts";

const list = (...elements: Element[]): Known => ({
  dtype: "int64",
  shape: [elements.length],
  elements,
});

// By hand; integer division truncates towards zero (ONNX Div).
test.for<[string, Element, Element, Element]>([
  ["Add", 2, 3, 5],
  ["Add", "N", 0, "N"],
  ["Add", "N", 1, undefined],
  ["Mul", 1, "N", "N"],
  ["Mul", "N", 2, undefined],
  ["Sub", "N", "N", 0],
  ["Sub", 5, 7, -2],
  ["Div", -7, 2, -3],
  ["Div", 7, 0, undefined],
  ["Mod", 7, 3, 1],
  ["Mod", -7, 3, undefined],
  ["Mod", 7, 0, undefined],
  ["Mod", "N", 3, undefined],
  ["Min", 2, 3, 2],
  ["Max", "N", 3, undefined],
  ["Equal", "N", "N", 1],
  ["Equal", "N", -1, 0],
  ["Equal", -1, "N", 0],
  ["Equal", "N", 3, undefined],
  ["Equal", undefined, undefined, undefined],
])("%s(%s, %s) is %s", ([op, a, b, expected]) => {
  expect(foldIntegers(op, list(a), list(b))).toEqual([expected]);
});

test("a single element meets each of a list; other lengths are unknown", () => {
  expect(foldIntegers("Mul", list(2), list(3, 4))).toEqual([6, 8]);
  expect(foldIntegers("Add", list(1, 2), list(3, 4))).toEqual([4, 6]);
  expect(foldIntegers("Add", list(1, 2), list(3, 4, 5))).toBeUndefined();
});

test("operators that are not shape arithmetic, and unknown contents, stay unknown", () => {
  expect(foldIntegers("constructor", list(1), list(1))).toBeUndefined();
  expect(foldIntegers("Add", { dtype: "int64" }, list(1))).toBeUndefined();
});
