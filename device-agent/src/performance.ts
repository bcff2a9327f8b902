import type { Log, Store } from "@edgeloop/core/platform";
import { confusionMatrix, macroF1 } from "@edgeloop/core/statistics";
import type { Events } from "./events.ts";
import type { LabelMessage } from "./label-message.ts";
import { performanceQueueMax, performanceWindowsMax } from "./limits.ts";
import type { Meter } from "./meter.ts";

/** The bar that labelled windows are held against. */
export type Objective = {
  readonly macroF1: number;
  /** Labelled windows that are the least to judge by. */
  readonly windowsMin: number;
};

/** Compares predictions with what people say later. */
export type Performance = {
  /** Takes a label that was stored; never waits. Beyond `performanceQueueMax` labels are not compared. */
  labelled(message: LabelMessage): void;
  settled(): Promise<void>;
};

type Pair = readonly [truth: string, predicted: string];

/**
 * Watches how well the serving model does on windows that were labelled.
 *
 * Macro-F1 over the classes that occur, over the last `performanceWindowsMax` labelled windows of the serving model.
 * `OBJECTIVE_MISSED` is raised once, and again only after another model serves or the objective was reached in between.
 */
export function watchPerformance(options: {
  readonly store: Pick<Store, "query">;
  readonly objective?: Objective | undefined;
  /** The serving model; windows of others do not count. */
  readonly model: () => string | undefined;
  readonly events: Pick<Events, "raise">;
  readonly meter: Meter;
  readonly log: Log;
}): Performance {
  const { store, objective, model, events, meter, log } = options;
  let pairs: Pair[] = [];
  let judged: string | undefined;
  let armed = true;
  let waiting = 0;
  let tail: Promise<void> = Promise.resolve();

  const judge = (sensorUs: number): void => {
    const score = macroF1Of(pairs);
    meter.set("labelledScore", score);
    if (objective === undefined || pairs.length < objective.windowsMin) return;
    const isMissed = score < objective.macroF1;
    if (isMissed && armed) {
      const counters = { windows: pairs.length, "macro-f1-ppm": Math.round(score * 1e6) };
      events.raise({ code: "OBJECTIVE_MISSED", sensorUs, counters });
    }
    armed = !isMissed;
  };

  const compare = async (message: LabelMessage): Promise<void> => {
    const serving = model();
    if (message.kind !== "label" || serving === undefined) return;
    if (serving !== judged) {
      judged = serving;
      pairs = [];
      armed = true;
    }
    const rows = await store.query(
      `SELECT label FROM prediction WHERE sensor = ? AND start_us >= ? AND start_us < ? AND end_us <= ? AND model = ?
       ORDER BY start_us LIMIT ?`,
      [
        message.sensor,
        message.startUs,
        message.endUs,
        message.endUs,
        serving,
        performanceWindowsMax,
      ],
    );
    if (rows.length === 0) return;
    const more = rows.map((row): Pair => [message.label, String(row["label"])]);
    pairs = [...pairs, ...more].slice(-performanceWindowsMax);
    judge(message.endUs);
  };

  return {
    settled: () => tail,
    labelled(message) {
      if (waiting >= performanceQueueMax) return;
      waiting += 1;
      tail = tail
        .then(() => compare(message))
        .catch((error: unknown) => log.error("performance-failed", { error }))
        .finally(() => {
          waiting -= 1;
        });
    },
  };
}

/** A class that no labelled window is of, and none was taken for, says nothing about this machine. */
function macroF1Of(pairs: readonly Pair[]): number {
  const classes = [...new Set(pairs.flat())].toSorted();
  const indexed = pairs.map(
    ([truth, predicted]) => [classes.indexOf(truth), classes.indexOf(predicted)] as const,
  );
  return macroF1(confusionMatrix(classes, indexed));
}
