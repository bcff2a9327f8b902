import { expect, test } from "vitest";
import {
  confusionMatrix,
  confusionTotal,
  mergeConfusion,
  mergeSliced,
  totalConfusion,
} from "./confusion.ts";

const classes = ["a", "b"];

test("counts stand by truth, then by prediction", () => {
  const matrix = confusionMatrix(classes, [
    [0, 0],
    [0, 1],
    [0, 1],
    [1, 0],
  ]);
  expect(matrix).toEqual({ classes, counts: [1, 2, 1, 0] });
  expect(confusionTotal(matrix)).toBe(4);
});

test("an index that stands for no class is refused", () => {
  for (const pair of [
    [0, 2],
    [-1, 0],
    [0.5, 0],
  ] as const) {
    expect(() => confusionMatrix(classes, [pair])).toThrowError(
      expect.objectContaining({ code: "CLASS_UNKNOWN" }),
    );
  }
});

test("matrices add in any order, and only with the same classes in the same order", () => {
  const one = confusionMatrix(classes, [[0, 0]]);
  const other = confusionMatrix(classes, [[1, 0]]);
  expect(mergeConfusion(one, other)).toEqual(mergeConfusion(other, one));
  expect(mergeConfusion(one, other).counts).toEqual([1, 0, 1, 0]);
  expect(() => mergeConfusion(one, confusionMatrix(["b", "a"]))).toThrowError(
    expect.objectContaining({ code: "CLASSES_DIFFER" }),
  );
});

test("slices add by name, also one called like a property of every object", () => {
  const one = { "pump-1": confusionMatrix(classes, [[0, 0]]) };
  const other = {
    "pump-1": confusionMatrix(classes, [[0, 1]]),
    constructor: confusionMatrix(classes, [[1, 1]]),
  };
  const merged = mergeSliced(one, other);
  expect(merged["pump-1"]?.counts).toEqual([1, 1, 0, 0]);
  expect(merged["constructor"]?.counts).toEqual([0, 0, 0, 1]);
  expect(totalConfusion(classes, merged).counts).toEqual([1, 1, 0, 1]);
  expect(JSON.parse(JSON.stringify(merged))).toEqual(merged);
});
