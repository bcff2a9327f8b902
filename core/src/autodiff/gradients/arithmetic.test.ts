import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { f32 } from "../../graph/tensor.ts";
import { arithmetic } from "./arithmetic.ts";

gradientContract(arithmetic);

const ones = (n: number) => f32(new Float32Array(n).fill(1));

test("equal elements of Max and Min share the gradient", async () => {
  for (const op of ["Max", "Min"]) {
    const { graph, feeds } = caseOf(op, { a: f32([1, 2]), b: f32([1, 3]) });
    const found = await gradientsOf(graph, feeds, f32([1, 1]));
    expect(found["a"]![0]).toBe(0.5);
    expect(found["b"]![0]).toBe(0.5);
  }
});

test("Clip passes the gradient on its limits and nothing outside; Abs has 0 at 0", async () => {
  const tensors = { x: f32([-2, -1, 0, 1, 2]), low: f32([-1], []), high: f32([1], []) };
  const clip = caseOf("Clip", tensors, { constants: ["low", "high"] });
  expect((await gradientsOf(clip.graph, clip.feeds, ones(5)))["x"]).toEqual([0, 1, 1, 1, 0]);
  const abs = caseOf("Abs", { x: f32([-3, 0, 3]) });
  expect((await gradientsOf(abs.graph, abs.feeds, ones(3)))["x"]).toEqual([-1, 0, 1]);
});

test("an empty batch gives gradient 0 to what was broadcast over it", async () => {
  for (const op of ["Add", "Sub", "Mul"]) {
    for (const symbolic of [[], ["a"], ["a", "b"]]) {
      const tensors = { a: f32([], [0, 3]), b: f32([1, 2, 3], [3]) };
      const { graph, feeds } = caseOf(op, tensors, { symbolic });
      const found = await gradientsOf(graph, feeds, f32([], [0, 3]));
      expect(found).toEqual({ a: [], b: [0, 0, 0] });
    }
  }
});

test("a gradient that is not finite does not pass where the other branch was taken", async () => {
  const condition = { dtype: "bool" as const, shape: [2], data: Uint8Array.of(1, 0) };
  const { graph, feeds } = caseOf("Where", { condition, a: f32([1, 2]), b: f32([3, 4]) });
  const found = await gradientsOf(graph, feeds, f32([Number.POSITIVE_INFINITY, 1]));
  expect(found).toEqual({ a: [Number.POSITIVE_INFINITY, 0], b: [0, 1] });
});
