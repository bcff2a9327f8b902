import type { Clock, Log } from "@edgeloop/core/platform";
import { codeOf } from "@edgeloop/core/platform";
import type { Events } from "./events.ts";
import { sensorRestartDelayMs } from "./limits.ts";

/** A sensor's loop that is kept running. */
export type SupervisedSensor = {
  readonly sensor: string;
  state(): "running" | "ended";
  /** Resolves when the source has ended or the signal aborted. */
  readonly done: Promise<void>;
};

/** Runs a sensor's loop again after it failed, until its source ends or the signal aborts. */
export function superviseSensor(
  {
    sensor,
    run,
  }: { readonly sensor: string; readonly run: (signal: AbortSignal) => Promise<void> },
  {
    events,
    clock,
    log,
  }: { readonly events: Pick<Events, "raise">; readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): SupervisedSensor {
  let ended = false;
  const keepRunning = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await run(signal);
        break;
      } catch (error) {
        if (signal.aborted) break;
        log.error("sensor-failed", { sensor, code: codeOf(error), error });
        events.raise({ code: "SENSOR_FAILED" });
        await clock.sleep(sensorRestartDelayMs, signal).catch(() => undefined);
      }
    }
    ended = true;
    if (!signal.aborted) log.info("sensor-ended", { sensor });
  };
  return { sensor, state: () => (ended ? "ended" : "running"), done: keepRunning() };
}
