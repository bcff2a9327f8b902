import { expect, test } from "vitest";
import { constant, cosine, stepwise, warmup } from "./schedule.ts";

test("a constant rate is the same at every step", () => {
  expect([0, 7, 99].map((step) => constant(0.1)(step, 100))).toEqual([0.1, 0.1, 0.1]);
});

// By hand from arXiv:1608.03983 eq. 5: cos(0) = 1, cos(pi/2) = 0, cos(pi) = -1.
test("the cosine starts at the rate, is halfway in the middle and ends at the floor", () => {
  const rate = cosine(1, { floor: 0.2 });
  expect(rate(0, 10)).toBe(1);
  expect(rate(5, 10)).toBeCloseTo(0.6, 12);
  expect(rate(10, 10)).toBeCloseTo(0.2, 12);
});

test("the stepwise rate changes only at multiples", () => {
  const rate = stepwise(8, { every: 3, factor: 0.5 });
  expect([0, 2, 3, 5, 6].map((step) => rate(step, 10))).toEqual([8, 8, 4, 4, 2]);
});

test("warm-up ends where the schedule starts, and the schedule sees its own steps", () => {
  const seen: (readonly number[])[] = [];
  const rate = warmup(2, (step, steps) => {
    seen.push([step, steps]);
    return 1;
  });
  expect([0, 1, 2, 3].map((step) => rate(step, 4))).toEqual([0.5, 1, 1, 1]);
  expect(seen.slice(2)).toEqual([
    [0, 2],
    [1, 2],
  ]);
});
