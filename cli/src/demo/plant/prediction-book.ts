import type { ConfusionMatrix } from "@edgeloop/core/statistics";
import { accuracy, confusionMatrix, macroF1, percentile } from "@edgeloop/core/statistics";

/** One published prediction beside the truth. */
export type Entry = {
  readonly gateway: string;
  /** Sensor time at which the window ends. */
  readonly endUs: number;
  /** Index of the true class. */
  readonly truth: number;
  /** Index of the predicted class. */
  readonly predicted: number;
  /** Identity of the bundle that predicted. */
  readonly model: string;
  /** From the window's last sample to the published prediction. */
  readonly latencyMs: number;
  /** The samples waited because the gateway was away; such windows do not count for latency. */
  readonly queued: boolean;
  /** How many gateways were training at that moment. */
  readonly training: number;
};

/** How well a set of predictions did. */
export type Score = {
  readonly windows: number;
  readonly accuracy: number;
  readonly macroF1: number;
};

/** Percentiles of a set of latencies. */
export type LatencyScore = {
  readonly windows: number;
  /** Null where there was no window to measure. */
  readonly p50: number | null;
  readonly p99: number | null;
};

/** Everything that was predicted, as the driver saw it on the gateways' own brokers. */
export type PredictionBook = {
  /** Adds a prediction; the same window of the same gateway twice counts once, the first time. */
  add(entry: Entry): void;
  entries(keep?: (entry: Entry) => boolean): readonly Entry[];
  score(keep: (entry: Entry) => boolean): Score;
  latency(keep: (entry: Entry) => boolean): LatencyScore;
  /** Forgets the windows that ended before a sensor time, for a fleet that is watched without end. */
  forgetBefore(atUs: number): void;
};

/**
 * Builds an empty book.
 *
 * @param classes The classes that indices stand for.
 */
export function predictionBook(classes: readonly string[]): PredictionBook {
  let all: Entry[] = [];
  let seen = new Set<string>();
  const keyOf = ({ gateway, endUs }: Entry): string => `${gateway} ${endUs}`;
  return {
    add(entry) {
      const key = keyOf(entry);
      if (seen.has(key)) return;
      seen.add(key);
      all.push(entry);
    },
    entries: (keep) => (keep ? all.filter(keep) : all),
    score: (keep) => scoreOf(classes, all.filter(keep)),
    latency(keep) {
      const sorted = Float64Array.from(
        all.filter((entry) => !entry.queued && keep(entry)),
        (entry) => entry.latencyMs,
      ).toSorted();
      const at = (share: number): number | null =>
        sorted.length === 0 ? null : percentile(sorted, share);
      return { windows: sorted.length, p50: at(0.5), p99: at(0.99) };
    },
    forgetBefore(atUs) {
      all = all.filter(({ endUs }) => endUs >= atUs);
      seen = new Set(all.map(keyOf));
    },
  };
}

function scoreOf(classes: readonly string[], entries: readonly Entry[]): Score {
  const matrix: ConfusionMatrix = confusionMatrix(
    classes,
    entries.map(({ truth, predicted }) => [truth, predicted] as const),
  );
  return { windows: entries.length, accuracy: accuracy(matrix), macroF1: macroF1(matrix) };
}
