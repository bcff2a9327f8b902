import type { Rng } from "../platform/random.ts";
import { seededRng } from "../platform/random.ts";

/** Durations in milliseconds, summed up. */
export type LatencySummary = {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

/** Takes durations in bounded memory. */
export type LatencyRecorder = {
  add(durationMs: number): void;
  /** All values 0 when nothing was added. */
  summary(): LatencySummary;
  reset(): void;
};

/** At ten windows a second, 100 minutes of which every duration is kept. */
export const latencySamplesMax = 60_000;

/**
 * Builds a recorder.
 *
 * Percentiles are exact, by nearest rank, up to `samplesMax` durations, and those of an even random sample of that size
 * beyond; the maximum is always exact.
 *
 * @see Vitter 1985, ACM TOMS 11(1), algorithm R
 */
export function latencyRecorder(
  samplesMax: number = latencySamplesMax,
  rng: Rng = seededRng(1),
): LatencyRecorder {
  let kept: number[] = [];
  let count = 0;
  let maxMs = 0;
  return {
    add(durationMs) {
      count += 1;
      maxMs = Math.max(maxMs, durationMs);
      if (kept.length < samplesMax) {
        kept.push(durationMs);
        return;
      }
      const place = Math.floor(rng() * count);
      if (place < samplesMax) kept[place] = durationMs;
    },
    summary() {
      const sorted = Float64Array.from(kept).toSorted();
      const at = (share: number): number => percentile(sorted, share);
      return { count, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs };
    },
    reset() {
      kept = [];
      count = 0;
      maxMs = 0;
    },
  };
}

/**
 * The smallest value that at least a share of all values does not exceed (nearest rank).
 *
 * @param sorted Ascending.
 * @returns 0 when there are no values.
 * @example
 * percentile([15, 20, 35, 40, 50], 0.3); // => 20
 */
export const percentile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
