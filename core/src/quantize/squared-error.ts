import type { Histogram } from "../statistics/histogram.ts";
import { histogramBinEdges } from "../statistics/histogram.ts";
import type { Range } from "./int8-params.ts";
import { activationParams, int8Limits, symmetricParams } from "./int8-params.ts";

/** Each candidate end of a range is this share of the one before it. */
const shrink = 0.97;
/** Number of candidates for one end: the last is 0.2 % of the largest value. */
const candidates = 200;
/** The two ends are chosen in turns until neither moves, at most so often. */
const turnsMax = 4;

/**
 * Chooses the range whose 8-bit integers are nearest to the observed values: the least mean squared error of rounding
 * and cutting off together. Values are taken as spread evenly within a bin of the histogram.
 *
 * @param options `symmetric` as of `quantize`: both ends then move together.
 * @see Choukroun et al. 2019, arXiv:1902.06822, section 3 (the range of the least squared error)
 */
export function leastErrorRange(
  histogram: Histogram,
  { symmetric = false }: { readonly symmetric?: boolean } = {},
): Range {
  const widest = { min: Math.min(0, histogram.min), max: Math.max(0, histogram.max) };
  const errorOf = (range: Range): number => squaredError(histogram, range, { symmetric });
  if (symmetric) {
    const max = Math.max(-widest.min, widest.max);
    return least(
      sharesOf(max).map((end) => ({ min: -end, max: end })),
      errorOf,
    );
  }
  let best = widest;
  for (let turn = 0; turn < turnsMax; turn += 1) {
    const { min, max } = best;
    best = least(
      sharesOf(widest.max).map((end) => ({ min: best.min, max: end })),
      errorOf,
    );
    const upper = best.max;
    best = least(
      sharesOf(widest.min).map((end) => ({ min: end, max: upper })),
      errorOf,
    );
    if (best.min === min && best.max === max) break;
  }
  return best;
}

const sharesOf = (end: number): readonly number[] =>
  end === 0 ? [0] : Array.from({ length: candidates }, (_, i) => end * shrink ** i);

function least(ranges: readonly Range[], errorOf: (range: Range) => number): Range {
  let best = { range: ranges[0] ?? { min: 0, max: 0 }, error: Number.POSITIVE_INFINITY };
  for (const range of ranges) {
    const error = errorOf(range);
    if (error < best.error) best = { range, error };
  }
  return best.range;
}

/**
 * Tells the mean squared error that 8-bit integers over a range make on observed values.
 */
export function squaredError(
  histogram: Histogram,
  range: Range,
  { symmetric = false }: { readonly symmetric?: boolean } = {},
): number {
  const { scale, zeroPoint } = (symmetric ? symmetricParams : activationParams)(range);
  const low = (int8Limits.low - zeroPoint) * scale;
  const high = (int8Limits.high - zeroPoint) * scale;
  // The integral of the error from 0: zero is a multiple of the step, and a whole step adds scale³ / 12.
  const integral = (at: number): number => {
    const inside = Math.min(high, Math.max(low, at));
    const steps = Math.round(inside / scale);
    const rest = inside - steps * scale;
    return (steps * scale ** 3) / 12 + rest ** 3 / 3 + (at - inside) ** 3 / 3;
  };
  let sum = 0;
  for (const [bin, count] of histogram.bins) {
    const edges = histogramBinEdges(bin);
    const from = Math.max(edges[0], histogram.min);
    const to = Math.min(edges[1], histogram.max);
    if (bin !== 0 && to > from) sum += (count * (integral(to) - integral(from))) / (to - from);
    else if (bin !== 0) sum += count * pointError(from, { scale, low, high });
  }
  return histogram.count === 0 ? 0 : sum / histogram.count;
}

function pointError(
  value: number,
  { scale, low, high }: { readonly scale: number; readonly low: number; readonly high: number },
): number {
  const rounded = Math.round(value / scale) * scale;
  return (value - Math.min(high, Math.max(low, rounded))) ** 2;
}
