import { addMoments, noMoments, variance } from "./moments.ts";

/**
 * Estimates how many successive values are worth one independent value.
 *
 * One plus twice the sum of autocorrelations, cut where sums of neighbouring pairs are no longer positive; at least 1.
 *
 * @param values In order of time.
 * @see Geyer 1992, Statistical Science 7(4), section 3.3 (initial positive sequence)
 */
export function autocorrelationTime(values: ArrayLike<number>): number {
  const moments = addMoments(noMoments, values);
  const spread = variance(moments) * values.length;
  if (!(spread > 0)) return 1;
  const at = (lag: number): number => {
    let sum = 0;
    for (let i = 0; i + lag < values.length; i += 1) {
      sum += ((values[i] ?? 0) - moments.mean) * ((values[i + lag] ?? 0) - moments.mean);
    }
    return sum / spread;
  };
  let time = -1;
  for (let lag = 0; lag + 1 < values.length; lag += 2) {
    const pair = at(lag) + at(lag + 1);
    if (pair <= 0) break;
    time += 2 * pair;
  }
  return Math.max(1, time);
}
