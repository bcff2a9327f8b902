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

test("momentum adds a share of the step before, as a velocity that is carried along would", () => {
  const heavy = fedAvg({ valueMax: 8, weightMax: 100, cohortMax: 8 }, { momentum: 0.5 });
  const round = (state: ReturnType<typeof heavy.init>, change: Tensors) => {
    const sum = heavy.begin(state);
    heavy.add(sum, change, 1);
    return heavy.finish(state, sum).state;
  };
  // arXiv:1909.06335 by hand: v = 0.5·v + d, w = w + v with d = 1, then 2, then 0: v = 1, 2.5, 1.25.
  const first = round(heavy.init(base), update([1, 1, 1, 1], 1));
  expect(first.model).toEqual(update([2, 3, 4, 5], 1.5));
  const second = round(first, update([2, 2, 2, 2], 2));
  expect(second.model).toEqual(update([4.5, 5.5, 6.5, 7.5], 4));
  const third = round(second, update([0, 0, 0, 0], 0));
  expect(third.model).toEqual(update([5.75, 6.75, 7.75, 8.75], 5.25));
});

test("momentum from a model of other shapes is refused", () => {
  const heavy = fedAvg({ valueMax: 8, weightMax: 100, cohortMax: 8 }, { momentum: 0.5 });
  const state = { ...heavy.init(base), previous: { weight: f32([1]), bias: f32([1]) } };
  const sum = heavy.begin(state);
  heavy.add(sum, update([1, 1, 1, 1], 1), 1);
  expect(() => heavy.finish(state, sum)).toThrow(
    expect.objectContaining({ code: "UPDATE_SHAPE_MISMATCH" }),
  );
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
