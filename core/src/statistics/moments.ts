/** Count, mean and spread of a stream. Plain data, ready for JSON. */
export type Moments = {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly squares: number;
};

/** The moments of nothing. */
export const noMoments: Moments = { count: 0, mean: 0, squares: 0 };

/**
 * Adds values to a stream's moments.
 *
 * @see Welford 1962, Technometrics 4(3)
 * @example
 * addMoments(noMoments, [1, 2, 3]); // => { count: 3, mean: 2, squares: 2 }
 */
export function addMoments(before: Moments, values: ArrayLike<number>): Moments {
  let { count, mean, squares } = before;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    count += 1;
    const delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  return { count, mean, squares };
}

/**
 * Joins the moments of two streams.
 *
 * @see Chan, Golub & LeVeque 1979, Stanford STAN-CS-79-773, eq. 2.1
 */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  if (count === 0) return noMoments;
  const delta = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (delta * b.count) / count,
    squares: a.squares + b.squares + (delta * delta * a.count * b.count) / count,
  };
}

/** The variance with divisor `count - ddof`; 0 where that is not positive. */
export const variance = ({ count, squares }: Moments, ddof = 0): number =>
  count > ddof ? squares / (count - ddof) : 0;

/** The square root of {@link variance}. */
export const standardDeviation = (moments: Moments, ddof = 0): number =>
  Math.sqrt(variance(moments, ddof));
