import { EdgeloopError } from "../platform/errors.ts";
import type { Range } from "./int8-params.ts";

/** Bins of equal width from 0 to the largest magnitude. */
export const magnitudeBins = 2048;

/** Counts of absolute values in bins of equal width. Zeros stand in none: every range has an integer for them. */
export type Magnitudes = {
  /** Upper edge of the last bin; above 0. */
  readonly max: number;
  readonly counts: Float64Array;
};

/** Starts counting magnitudes up to the larger end of a range that is known already. */
export function magnitudes(range: Range): Magnitudes {
  const max = Math.max(Math.abs(range.min), Math.abs(range.max));
  return { max: max === 0 ? 1 : max, counts: new Float64Array(magnitudeBins) };
}

/** Adds values in place; what is larger than the last bin counts there. */
export function addMagnitudes({ max, counts }: Magnitudes, values: Float32Array): void {
  const perBin = counts.length / max;
  for (const value of values) {
    if (value === 0) continue;
    const bin = Math.min(counts.length - 1, Math.floor(Math.abs(value) * perBin));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
}

/**
 * Chooses where to cut magnitudes off: at the bin where integers keep most of the information, which is where the
 * distribution after rounding diverges least (Kullback-Leibler) from the one before.
 *
 * @param levels Integers for magnitudes: 128 where values have both signs, 256 where they have one.
 * @returns The largest magnitude to represent, an edge of a bin; all of them when there are fewer bins than levels.
 * @throws `RANGE_INVALID` when `levels` is no positive integer.
 * @see Migacz 2017, "8-bit inference with TensorRT", GTC session 7310
 */
export function entropyThreshold({ max, counts }: Magnitudes, levels: number): number {
  if (!Number.isInteger(levels) || levels < 1) {
    throw new EdgeloopError("RANGE_INVALID", "expected a positive number of levels", {
      details: { levels },
    });
  }
  let best = { bins: counts.length, divergence: Number.POSITIVE_INFINITY };
  for (let bins = levels; bins <= counts.length; bins += 1) {
    const found = divergenceAt(counts, bins, levels);
    if (found < best.divergence) best = { bins, divergence: found };
  }
  return (best.bins / counts.length) * max;
}

/** Stands for a count of 0, so that no ratio is infinite. */
const smallCount = 1e-4;

function divergenceAt(counts: Float64Array, bins: number, levels: number): number {
  const before = counts.slice(0, bins);
  const kept = before.slice();
  for (let bin = bins; bin < counts.length; bin += 1) {
    before[bins - 1] = (before[bins - 1] ?? 0) + (counts[bin] ?? 0);
  }
  const after = new Float64Array(bins);
  for (let level = 0; level < levels; level += 1) {
    const [from, to] = [level, level + 1].map((at) => Math.floor((at * bins) / levels));
    spreadEvenly(kept, after, { from: from ?? 0, to: to ?? bins });
  }
  return divergence(smoothed(before), smoothed(after));
}

/** What one integer stands for is spread evenly over its bins that are not empty. */
function spreadEvenly(
  counts: Float64Array,
  into: Float64Array,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  let sum = 0;
  let filled = 0;
  for (let bin = from; bin < to; bin += 1) {
    sum += counts[bin] ?? 0;
    filled += counts[bin] === 0 ? 0 : 1;
  }
  for (let bin = from; bin < to; bin += 1) {
    if (counts[bin] !== 0) into[bin] = sum / filled;
  }
}

/** Takes from the bins that have something what the empty ones get. */
function smoothed(counts: Float64Array): Float64Array {
  const empty = counts.reduce((n, count) => n + (count === 0 ? 1 : 0), 0);
  const taken = (smallCount * empty) / Math.max(1, counts.length - empty);
  return counts.map((count) => (count === 0 ? smallCount : Math.max(count - taken, smallCount)));
}

function divergence(p: Float64Array, q: Float64Array): number {
  const [pSum, qSum] = [p, q].map((all) => all.reduce((sum, count) => sum + count, 0));
  return p.reduce((sum, count, bin) => {
    const share = count / (pSum ?? 1);
    return sum + share * Math.log(share / ((q[bin] ?? 0) / (qSum ?? 1)));
  }, 0);
}

/** Cuts a range at a magnitude. */
export const cutRange = ({ min, max }: Range, magnitude: number): Range => ({
  min: Math.max(min, -magnitude),
  max: Math.min(max, magnitude),
});
