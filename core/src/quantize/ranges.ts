import { EdgeloopError } from "../platform/errors.ts";
import type { Histogram } from "../statistics/histogram.ts";
import { histogramQuantile } from "../statistics/histogram.ts";
import type { Range } from "./int8-params.ts";
import { leastErrorRange } from "./squared-error.ts";

/** Ranges of observed values by name. Plain data, ready for JSON. */
export type Ranges = Readonly<Record<string, Range>>;

/** How a range is taken from histograms that may have been merged. */
export type RangeMethod = "minmax" | "percentile" | "mse";

/** Share of values that `percentile` leaves outside on each side: one in 20,000. */
export const percentileOutside: number = 5e-5;

/**
 * Chooses the range of each observed value. `minmax` cuts nothing off; `percentile` cuts the outermost values off on
 * each side, so that a single outlier does not coarsen all others; `mse` makes the mean squared error of rounding and
 * cutting off the least.
 *
 * @param histograms By the names that `observe` gave.
 * @param options `symmetric` as of `quantize`; only `mse` depends on it.
 * @throws `RANGE_INVALID` for a value of which nothing finite was observed.
 */
export function rangesOf(
  histograms: Readonly<Record<string, Histogram>>,
  method: RangeMethod = "minmax",
  options: { readonly symmetric?: boolean } = {},
): Ranges {
  return Object.fromEntries(
    Object.entries(histograms).map(([name, histogram]) => {
      if (histogram.count === 0 || histogram.notFinite > 0) {
        throw new EdgeloopError("RANGE_INVALID", `"${name}" needs finite observations alone`, {
          details: { name, count: histogram.count, notFinite: histogram.notFinite },
        });
      }
      return [name, rangeOf(histogram, method, options)];
    }),
  );
}

function rangeOf(
  histogram: Histogram,
  method: RangeMethod,
  options: { readonly symmetric?: boolean },
): Range {
  switch (method) {
    case "minmax":
      return { min: histogram.min, max: histogram.max };
    case "percentile":
      return {
        min: histogramQuantile(histogram, percentileOutside),
        max: histogramQuantile(histogram, 1 - percentileOutside),
      };
    case "mse":
      return leastErrorRange(histogram, options);
  }
}

/** The smallest range that holds all of some ranges. */
export const joinRanges = (ranges: readonly Range[]): Range => ({
  min: Math.min(...ranges.map(({ min }) => min)),
  max: Math.max(...ranges.map(({ max }) => max)),
});
