import { EdgeloopError } from "../platform/errors.ts";

/**
 * Counts of values in bins that need no range beforehand: 32 to each power of two, so that a bin is at most 3.2 % of its
 * values wide, mirrored for negative values.
 *
 * Bin 0 holds what is smaller than 2^-24. Histograms add exactly, in any order and grouping. Plain data, ready for JSON.
 */
export type Histogram = {
  readonly format: 1;
  readonly count: number;
  /** Smallest and largest finite value; 0 when there is none. */
  readonly min: number;
  readonly max: number;
  /** NaN and infinities, which stand in no bin. */
  readonly notFinite: number;
  /** Bins that hold something, in ascending order of their values. */
  readonly bins: readonly (readonly [bin: number, count: number])[];
};

/** The histogram of nothing. */
export const emptyHistogram: Histogram = {
  format: 1,
  count: 0,
  min: 0,
  max: 0,
  notFinite: 0,
  bins: [],
};

// The upper bits of a float32 are its exponent and the beginning of its mantissa: in that order they number the bins.
const shift = 18;
const binsPerOctave = 2 ** (23 - shift);
const exponentMin = -24;
const binOffset = (127 + exponentMin) * binsPerOctave - 1;
const binMax = (255 << (23 - shift)) - 1 - binOffset;

/** Takes values until it is asked for their histogram. */
export type HistogramBuilder = {
  add(values: Float32Array): void;
  merge(histogram: Histogram): void;
  histogram(): Histogram;
};

/** Starts a histogram. */
export function histogramBuilder(): HistogramBuilder {
  const counts = new Float64Array(2 * binMax + 1);
  let count = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let notFinite = 0;
  return {
    add(values) {
      const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
      for (let i = 0; i < values.length; i += 1) {
        const value = values[i]!;
        if (value - value !== 0) {
          notFinite += 1;
          continue;
        }
        const bin = Math.max(0, ((bits[i]! & 0x7fffffff) >>> shift) - binOffset);
        counts[binMax + (value < 0 ? -bin : bin)]! += 1;
        count += 1;
        if (value < min) min = value;
        if (value > max) max = value;
      }
    },
    merge(other) {
      for (const [bin, more] of other.bins) counts[binMax + bin]! += more;
      count += other.count;
      notFinite += other.notFinite;
      if (other.count > 0) {
        min = Math.min(min, other.min);
        max = Math.max(max, other.max);
      }
    },
    histogram() {
      const bins: (readonly [number, number])[] = [];
      for (let i = 0; i < counts.length; i += 1) {
        if (counts[i]! > 0) bins.push([i - binMax, counts[i]!]);
      }
      if (count === 0) return { ...emptyHistogram, notFinite };
      return { format: 1, count, min: min + 0, max: max + 0, notFinite, bins };
    },
  };
}

/** Adds histograms up; the order does not matter. */
export function mergeHistograms(histograms: Iterable<Histogram>): Histogram {
  const builder = histogramBuilder();
  for (const histogram of histograms) builder.merge(histogram);
  return builder.histogram();
}

/**
 * The values between which a bin's contents lie, the one of smaller magnitude included.
 *
 * @example
 * histogramBinEdges(0); // => [-(2 ** -24), 2 ** -24]
 */
export function histogramBinEdges(bin: number): readonly [low: number, high: number] {
  if (bin === 0) return [-(2 ** exponentMin), 2 ** exponentMin];
  const at = Math.abs(bin) - 1;
  const edge = (step: number): number =>
    2 ** (exponentMin + Math.floor(step / binsPerOctave)) *
    (1 + (step % binsPerOctave) / binsPerOctave);
  return bin > 0 ? [edge(at), edge(at + 1)] : [-edge(at + 1), -edge(at)];
}

/**
 * Estimates the value below which a share of the values lies.
 *
 * Linear within a bin, so off by at most a bin's width; never outside `[min, max]`.
 *
 * @param share From 0 to 1.
 * @returns 0 for an empty histogram.
 */
export function histogramQuantile(histogram: Histogram, share: number): number {
  const target = share * histogram.count;
  let below = 0;
  for (const [bin, count] of histogram.bins) {
    if (below + count >= target) {
      const [low, high] = histogramBinEdges(bin);
      const value = low + ((target - below) / count) * (high - low);
      return Math.min(histogram.max, Math.max(histogram.min, value));
    }
    below += count;
  }
  return histogram.max;
}

/**
 * Reads a histogram that came over a wire.
 *
 * @throws `HISTOGRAM_INVALID` naming what was expected, `FORMAT_UNKNOWN` on a format of a later version.
 */
export function parseHistogram(input: unknown): Histogram {
  const raw = (typeof input === "object" && input !== null ? input : {}) as Partial<Histogram>;
  if (typeof raw.format === "number" && raw.format > 1) {
    throw new EdgeloopError("FORMAT_UNKNOWN", "the histogram was written by a later version", {
      details: { format: raw.format },
    });
  }
  const { format: _, count, min, max, notFinite, bins, ...more } = raw;
  const inOrder = (bin: readonly unknown[], at: number, all: readonly (readonly unknown[])[]) =>
    at === 0 || Number(all[at - 1]?.[0]) < Number(bin[0]);
  const valid =
    raw.format === 1 &&
    Object.keys(more).length === 0 &&
    [count, notFinite].every(isCount) &&
    Number.isFinite(min) &&
    Number.isFinite(max) &&
    Array.isArray(bins) &&
    bins.every(isBin) &&
    bins.every(inOrder) &&
    bins.reduce((sum, bin) => sum + bin[1], 0) === count;
  if (valid) return input as Histogram;
  throw new EdgeloopError(
    "HISTOGRAM_INVALID",
    "a histogram has format 1, count, min, max, notFinite and bins [bin, count] in ascending order that add up to count, and nothing else",
  );
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isBin = (bin: unknown): boolean =>
  Array.isArray(bin) &&
  bin.length === 2 &&
  Number.isInteger(bin[0]) &&
  Math.abs(bin[0]) <= binMax &&
  isCount(bin[1]) &&
  bin[1] > 0;
