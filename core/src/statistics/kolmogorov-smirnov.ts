/** What the two-sample Kolmogorov–Smirnov test says. */
export type KolmogorovSmirnov = {
  /** Largest distance between the two empirical distributions, from 0 to 1. */
  readonly statistic: number;
  /** Probability of a distance at least that large when both samples come from one distribution. */
  readonly pValue: number;
};

/** Above this many pairs the limit is close enough: at 300 of each its p-value of 0.05 is off by 0.001. */
const exactPairsMax = 100_000;

/**
 * Tests whether two samples come from one distribution.
 *
 * The p-value is exact for small samples, for which the limiting distribution misleads, and conservative with ties.
 *
 * @param first Ascending, of independent values.
 * @param second Ascending, of independent values.
 * @see Hodges 1958, Arkiv för Matematik 3(43) (counting paths)
 * @example
 * kolmogorovSmirnov([1, 2, 3, 4], [5, 6, 7, 8]).statistic; // => 1
 */
export function kolmogorovSmirnov(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): KolmogorovSmirnov {
  const [n, m] = [first.length, second.length];
  if (n === 0 || m === 0) return { statistic: 0, pValue: 1 };
  const { above, below } = largestGap(first, second);
  const statistic = Math.max(above, below);
  const pValue =
    n * m <= exactPairsMax
      ? exactPValue(n, m, Math.round(statistic * n * m))
      : kolmogorovPValue(statistic, (n * m) / (n + m));
  return { statistic, pValue };
}

/**
 * The largest gaps between two empirical distributions.
 *
 * @param first Ascending.
 * @param second Ascending.
 * @returns `above`: how far the first one's distribution lies above the second's at most, so how much larger the second's
 * values are; `below` the other way.
 */
export function largestGap(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): { readonly above: number; readonly below: number } {
  const [n, m] = [first.length, second.length];
  let [i, j, above, below] = [0, 0, 0, 0];
  while (i < n && j < m) {
    const value = Math.min(first[i]!, second[j]!);
    while (i < n && first[i]! <= value) i += 1;
    while (j < m && second[j]! <= value) j += 1;
    above = Math.max(above, i * m - j * n);
    below = Math.max(below, j * n - i * m);
  }
  return { above: above / (n * m), below: below / (n * m) };
}

// Every order in which the values of both samples can fall is equally likely: a path from (0, 0) to (n, m). Summing the
// share of paths that reach the distance, not of those that stay below, keeps small p-values exact.
function exactPValue(n: number, m: number, distance: number): number {
  if (distance === 0) return 1;
  const reached = new Float64Array(m + 1);
  for (let i = 0; i <= n; i += 1) {
    for (let j = 0; j <= m; j += 1) {
      if (Math.abs(i * m - j * n) >= distance) {
        reached[j] = 1;
        continue;
      }
      const fromSecond = j > 0 ? reached[j - 1]! * j : 0;
      reached[j] = (reached[j]! * i + fromSecond) / Math.max(1, i + j);
    }
  }
  return reached[m]!;
}

/**
 * The limiting p-value of a distance, corrected for small samples.
 *
 * @param effective `n * m / (n + m)`; of dependent values, with the numbers of independent ones they are worth.
 * @see Stephens 1970, JRSS B 32(1) (the correction, good from `effective` 4 on)
 */
export function kolmogorovPValue(statistic: number, effective: number): number {
  const root = Math.sqrt(effective);
  const x = (root + 0.12 + 0.11 / root) * statistic;
  // Below this the alternating series needs many terms and the value is 1 to six digits.
  if (!(x > 0.25)) return 1;
  let sum = 0;
  for (let k = 1; k <= 20; k += 1) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, sum));
}
