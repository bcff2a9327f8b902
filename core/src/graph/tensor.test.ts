import { expect, test } from "vitest";
import { f32, i64, scalar, sizeOf } from "./tensor.ts";

test("a scalar has one element and rank 0", () => {
  expect([scalar(2).shape, scalar(2).data, sizeOf([])]).toEqual([[], Float32Array.of(2), 1]);
});

test("a shape is the list's length unless given", () => {
  expect([f32([1, 2]).shape, i64([1, 2, 3, 4], [2, 2]).shape]).toEqual([[2], [2, 2]]);
});

test("numbers are copied, a Float32Array is not", () => {
  const data = Float32Array.of(1);
  expect(f32(data).data).toBe(data);
});
