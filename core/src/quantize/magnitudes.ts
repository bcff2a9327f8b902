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
  const sums = runningSums(counts);
  let best = { bins: counts.length, divergence: Number.POSITIVE_INFINITY };
  for (let bins = levels; bins <= counts.length; bins += 1) {
    const divergence = divergenceAt(sums, bins, levels);
    if (divergence < best.divergence) best = { bins, divergence };
  }
  return (best.bins / counts.length) * max;
}

/** Sums over the bins before each: a divergence then takes a few steps a level instead of all bins. */
type Sums = {
  readonly counts: Float64Array;
  readonly total: Float64Array;
  readonly filled: Float64Array;
  /** Of count × log count. */
  readonly information: Float64Array;
};

function runningSums(counts: Float64Array): Sums {
  const running = (of: (count: number) => number): Float64Array => {
    const sums = new Float64Array(counts.length + 1);
    for (const [bin, count] of counts.entries()) sums[bin + 1] = (sums[bin] ?? 0) + of(count);
    return sums;
  };
  return {
    counts,
    total: running((count) => count),
    filled: running((count) => (count === 0 ? 0 : 1)),
    information: running(timesLog),
  };
}

const timesLog = (count: number): number => (count === 0 ? 0 : count * Math.log(count));

/** Stands for a count of 0 after rounding where there was one before, so that no ratio is infinite. */
const smallCount = 1e-4;

/**
 * The divergence when so many bins are kept. Before: their counts, the last one with all that is cut off. After: what
 * one integer stands for, spread evenly over its bins that are not empty.
 */
function divergenceAt({ counts, total, filled, information }: Sums, bins: number, levels: number) {
  const at = (sums: Float64Array, bin: number): number => sums[bin] ?? 0;
  const kept = at(total, bins);
  const all = at(total, counts.length);
  const last = counts[bins - 1] ?? 0;
  const cut = all - kept;
  if (kept === 0) return Number.POSITIVE_INFINITY;
  let sum = at(information, bins) - timesLog(last) + timesLog(last + cut);
  for (let level = 0; level < levels; level += 1) {
    const from = Math.floor((level * bins) / levels);
    const to = Math.floor(((level + 1) * bins) / levels);
    const count = at(total, to) - at(total, from);
    const even = count / Math.max(1, at(filled, to) - at(filled, from));
    if (count > 0) sum -= count * Math.log(even);
    if (level === levels - 1 && cut > 0) sum -= cut * Math.log(last === 0 ? smallCount : even);
  }
  return sum / all + Math.log(kept / all);
}

/** Cuts a range at a magnitude. */
export const cutRange = ({ min, max }: Range, magnitude: number): Range => ({
  min: Math.max(min, -magnitude),
  max: Math.min(max, magnitude),
});
