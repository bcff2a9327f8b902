import type { Log } from "@edgeloop/core/platform";
import type { DiskGuard } from "./disk-guard.ts";
import type { LearningStore } from "./learning-store.ts";
import { trimIntervalWindows } from "./limits.ts";
import type { Meter } from "./meter.ts";
import { trimPredictions } from "./prediction.ts";

/** Keeps the tables within their bounds, a few rows at a time. */
export type Retention = {
  /** Notes a stored window; every `trimIntervalWindows` of them the tables are trimmed, beside the stream. */
  noted(): void;
  settled(): Promise<void>;
};

/** Builds the retention of windows and predictions. */
export function createRetention(options: {
  readonly learning: Pick<LearningStore, "trim" | "count">;
  readonly disk: Pick<DiskGuard, "commit">;
  readonly predictionsMax: number;
  readonly meter: Meter;
  readonly log: Log;
}): Retention {
  const { learning, disk, predictionsMax, meter, log } = options;
  let since = 0;
  let running: Promise<void> | undefined;
  const trim = async (): Promise<void> => {
    try {
      const dropped = await learning.trim();
      if (dropped > 0) meter.add("dropped", [], dropped);
      meter.set("stored", learning.count());
      await disk.commit([trimPredictions(predictionsMax)]);
    } catch (error) {
      log.error("trim-failed", { error });
    } finally {
      running = undefined;
    }
  };
  return {
    noted() {
      since += 1;
      if (since < trimIntervalWindows || running !== undefined) return;
      since = 0;
      running = trim();
    },
    settled: () => running ?? Promise.resolve(),
  };
}
