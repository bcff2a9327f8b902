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
  readonly p50: number;
  readonly p99: number;
};

/** Everything that was predicted, as the driver saw it on the gateways' own brokers. */
export type PredictionBook = {
  /** Adds a prediction; the same window of the same gateway twice counts once, the first time. */
  add(entry: Entry): void;
  entries(keep?: (entry: Entry) => boolean): readonly Entry[];
  score(keep: (entry: Entry) => boolean): Score;
  latency(keep: (entry: Entry) => boolean): LatencyScore;
};

/**
 * Builds an empty book.
 *
 * @param classes The classes that indices stand for.
 */
export function predictionBook(classes: readonly string[]): PredictionBook {
  const all: Entry[] = [];
  const seen = new Set<string>();
  return {
    add(entry) {
      const key = `${entry.gateway} ${entry.endUs}`;
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
      const at = (share: number): number => (sorted.length === 0 ? 0 : percentile(sorted, share));
      return { windows: sorted.length, p50: at(0.5), p99: at(0.99) };
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
