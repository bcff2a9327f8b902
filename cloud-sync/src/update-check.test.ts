import type { Tensors } from "@edgeloop/core/graph";
import { f32, i64 } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { checkUpdate } from "./update-check.ts";

const base: Tensors = { bias: f32([0, 0]), weight: f32([1, 1, 1, 1], [2, 2]) };

test("an update that fits its base passes", () => {
  const update = { weight: f32([1, -1, 0.5, 0], [2, 2]), bias: f32([1, -1]) };
  expect(() => checkUpdate(base, update, 1)).not.toThrow();
});

test.for<[string, Tensors, string]>([
  ["a missing tensor", { bias: f32([0, 0]) }, "UPDATE_SHAPE_MISMATCH"],
  ["an unknown tensor", { ...base, other: f32([0]) }, "UPDATE_SHAPE_MISMATCH"],
  ["another shape", { ...base, weight: f32([0, 0, 0, 0], [4]) }, "UPDATE_SHAPE_MISMATCH"],
  ["another dtype", { ...base, bias: i64([0, 0]) }, "UPDATE_SHAPE_MISMATCH"],
  ["a shape that its data denies", { ...base, bias: f32([0], [2]) }, "UPDATE_SHAPE_MISMATCH"],
  ["NaN", { ...base, bias: f32([0, Number.NaN]) }, "UPDATE_NOT_FINITE"],
  ["infinity", { ...base, bias: f32([0, Infinity]) }, "UPDATE_NOT_FINITE"],
  ["a value above the bound", { ...base, bias: f32([0, -1.5]) }, "UPDATE_VALUE_EXCEEDED"],
])("%s is refused", ([, update, code]) => {
  expect(() => checkUpdate(base, update, 1)).toThrow(expect.objectContaining({ code }));
});
