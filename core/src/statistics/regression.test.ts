import { expect, test } from "vitest";
import { addRegression, mergeRegression, noRegression, regressionScores } from "./regression.ts";

const truth = [3, -0.5, 2, 7, 4.25];
const predicted = [2.5, 0, 2, 8, 4];

test("the scores are scikit-learn's, whole and merged from parts", () => {
  const whole = addRegression(noRegression, truth, predicted);
  const merged = mergeRegression(
    addRegression(noRegression, truth.slice(0, 2), predicted.slice(0, 2)),
    addRegression(noRegression, truth.slice(2), predicted.slice(2)),
  );
  for (const scores of [whole, merged].map(regressionScores)) {
    expect(scores.count).toBe(5);
    expect(scores.mse).toBeCloseTo(0.3125, 12);
    expect(scores.rmse).toBeCloseTo(Math.sqrt(0.3125), 12);
    expect(scores.mae).toBeCloseTo(0.45, 12);
    expect(scores.r2).toBeCloseTo(0.9491042345276873, 12);
  }
});

test("a target that never varies has r2 1 when met and 0 when not", () => {
  expect(regressionScores(addRegression(noRegression, [2, 2], [2, 2])).r2).toBe(1);
  expect(regressionScores(addRegression(noRegression, [2, 2], [2, 3])).r2).toBe(0);
});

test("no predictions have scores of 0", () => {
  expect(regressionScores(noRegression)).toEqual({ count: 0, mse: 0, rmse: 0, mae: 0, r2: 0 });
});
