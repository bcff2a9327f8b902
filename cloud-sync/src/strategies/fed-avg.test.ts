import type { Tensors } from "@edgeloop/core/graph";
import { f32 } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { fedAvg } from "./fed-avg.ts";

const strategy = fedAvg({ valueMax: 8, weightMax: 100, cohortMax: 8 });
const base: Tensors = { weight: f32([1, 2, 3, 4], [2, 2]), bias: f32([0.5]) };
const update = (weights: readonly number[], bias: number): Tensors => ({
  weight: f32(weights, [2, 2]),
  bias: f32([bias]),
});

test("the next model is the base plus the mean weighted by examples", () => {
  const state = strategy.init(base);
  const sum = strategy.begin(state);
  strategy.add(sum, update([1, 0, -1, 2], 1), 10);
  strategy.add(sum, update([3, 4, 1, -2], -1), 30);
  // By hand, weights 1/4 and 3/4: [2.5, 3, 0.5, -1] and -0.5.
  expect(strategy.finish(state, sum).model).toEqual(update([3.5, 5, 3.5, 3], 0));
});

test("aggregation ignores the order of replies", () => {
  const updates = Array.from({ length: 7 }, (_, device) =>
    update([0.1 * device, 1 / 3, -device / 7, Math.sqrt(device)], 1 / (device + 3)),
  );
  const aggregate = (order: readonly number[]): Tensors => {
    const state = strategy.init(base);
    const sum = strategy.begin(state);
    for (const device of order) strategy.add(sum, updates[device]!, 3 * device + 1);
    return strategy.finish(state, sum).model;
  };
  expect(aggregate([6, 2, 0, 5, 1, 4, 3])).toEqual(aggregate([0, 1, 2, 3, 4, 5, 6]));
});

test("a refused update leaves no trace", () => {
  const state = strategy.init(base);
  const sum = strategy.begin(state);
  strategy.add(sum, update([1, 1, 1, 1], 1), 1);
  const poisoned = { ...update([8, 8, 8, 8], 1), bias: f32([Number.NaN]) };
  expect(() => strategy.add(sum, poisoned, 1)).toThrow(
    expect.objectContaining({ code: "UPDATE_NOT_FINITE" }),
  );
  expect(() => strategy.add(sum, update([1, 1, 1, 1], 1), 101)).toThrow(
    expect.objectContaining({ code: "SUM_WEIGHT_EXCEEDED" }),
  );
  expect(strategy.finish(state, sum).model).toEqual(update([2, 3, 4, 5], 1.5));
});

test("neither the base nor the state is mutated", () => {
  const before = structuredClone(base);
  const state = strategy.init(base);
  const sum = strategy.begin(state);
  strategy.add(sum, update([1, 1, 1, 1], 1), 1);
  strategy.finish(state, sum);
  expect(base).toEqual(before);
  expect(state.model).toBe(base);
});
