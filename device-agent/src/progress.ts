import type { Clock, Log } from "@edgeloop/core/platform";
import { progressIntervalMs } from "./limits.ts";

/** Tells the coordinator, now and then, that data and labels advanced; the code drives its policy. */
export type Progress = {
  /** A label was stored. */
  labelled(): void;
  /** Labels are complete up to somewhere further: a waiting offer can be answered. */
  completed(): void;
  /** A window was stored that ends here, in microseconds of sensor time. */
  advanced(endUs: number): void;
  /** The newest sensor time that was stored. */
  highUs(): number;
  /** Reports at most once in `progressIntervalMs`, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
};

/** Where progress goes. */
export type ProgressSinks = {
  readonly clock: Clock;
  readonly log: Log;
  /** What it rejects is reported again later. */
  readonly report: (event: {
    readonly code: string;
    readonly sensorUs: number;
    readonly counters?: Readonly<Record<string, number>>;
  }) => Promise<void>;
  /** Called when a waiting offer might have become answerable. */
  readonly wake: () => void;
};

/** Collects progress between reports. */
export function createProgress({ clock, log, report, wake }: ProgressSinks): Progress {
  let labels = 0;
  let highUs = 0;
  let reportedUs = 0;
  let changed = false;
  const flush = async (): Promise<void> => {
    if (changed) wake();
    changed = false;
    const [count, sensorUs] = [labels, highUs];
    try {
      if (count > 0) await report({ code: "LABELS_ADDED", sensorUs, counters: { labels: count } });
      labels -= count;
      if (sensorUs > reportedUs) await report({ code: "DATA_ADVANCED", sensorUs });
      reportedUs = sensorUs;
    } catch (error) {
      log.warn("progress-unreported", { error });
    }
  };
  return {
    highUs: () => highUs,
    labelled() {
      labels += 1;
      changed = true;
    },
    completed() {
      changed = true;
    },
    advanced(endUs) {
      changed = true;
      highUs = Math.max(highUs, endUs);
    },
    async run(signal) {
      while (!signal.aborted) {
        await flush();
        await clock.sleep(progressIntervalMs, signal).catch(() => undefined);
      }
    },
  };
}
