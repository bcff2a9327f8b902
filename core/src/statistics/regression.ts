import type { Moments } from "./moments.ts";
import { addMoments, mergeMoments, noMoments, variance } from "./moments.ts";

/** What regression scores are computed from; mergeable, plain data. */
export type RegressionSums = {
  readonly truth: Moments;
  readonly squaredError: number;
  readonly absoluteError: number;
};

/** The sums of nothing. */
export const noRegression: RegressionSums = {
  truth: noMoments,
  squaredError: 0,
  absoluteError: 0,
};

/** Adds predictions beside what was true; as many of the one as of the other. */
export function addRegression(
  before: RegressionSums,
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
): RegressionSums {
  let { squaredError, absoluteError } = before;
  for (let i = 0; i < truth.length; i += 1) {
    const error = (predicted[i] as number) - (truth[i] as number);
    squaredError += error * error;
    absoluteError += Math.abs(error);
  }
  return { truth: addMoments(before.truth, truth), squaredError, absoluteError };
}

/** Joins the sums of two sets of predictions. */
export const mergeRegression = (a: RegressionSums, b: RegressionSums): RegressionSums => ({
  truth: mergeMoments(a.truth, b.truth),
  squaredError: a.squaredError + b.squaredError,
  absoluteError: a.absoluteError + b.absoluteError,
});

/** Scores of predicted numbers. */
export type RegressionScores = {
  readonly count: number;
  /** Mean squared error. */
  readonly mse: number;
  /** Its root, in the target's unit. */
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Share of the variance that is explained; of a target that never varies 1 when met exactly, else 0. */
  readonly r2: number;
};

/** Computes the scores; all 0 for no predictions. */
export function regressionScores(sums: RegressionSums): RegressionScores {
  const { count } = sums.truth;
  if (count === 0) return { count, mse: 0, rmse: 0, mae: 0, r2: 0 };
  const mse = sums.squaredError / count;
  const spread = variance(sums.truth);
  const unexplained = mse === 0 ? 0 : 1;
  const r2 = 1 - (spread === 0 ? unexplained : mse / spread);
  return { count, mse, rmse: Math.sqrt(mse), mae: sums.absoluteError / count, r2 };
}
