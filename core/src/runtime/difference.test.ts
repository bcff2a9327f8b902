import { expect, test } from "vitest";
import { f32, i64 } from "../graph/tensor.ts";
import { largestDifference } from "./difference.ts";

test("equal outputs differ by 0, NaN and empty ones too", () => {
  const y = f32([1, Number.NaN, Number.POSITIVE_INFINITY]);
  expect(largestDifference({ y }, { y })).toBe(0);
  expect(largestDifference({ y: f32([]) }, { y: f32([]) })).toBe(0);
  expect(largestDifference({}, {})).toBe(0);
});

test("the difference is relative to the tensor's largest magnitude", () => {
  expect(largestDifference({ y: f32([100, 1]) }, { y: f32([100, 2]) })).toBe(0.01);
  expect(largestDifference({ y: i64([4]) }, { y: i64([3]) })).toBe(0.25);
});

test("what cannot be compared differs infinitely", () => {
  const y = f32([1]);
  const cases = [{}, { z: y }, { y: i64([1]) }, { y: f32([1], [1, 1]) }, { y: f32([Number.NaN]) }];
  for (const actual of cases) {
    expect(largestDifference({ y }, actual)).toBe(Number.POSITIVE_INFINITY);
  }
});
