import type { Clock } from "@edgeloop/core/platform";

/** Holds a recorded or computed stream back to the speed of time. */
export type Pace = {
  /** Waits until the moment that is `sensorUs` after the first one; an abort ends the wait. */
  until(sensorUs: number, signal: AbortSignal): Promise<void>;
};

/**
 * Builds a pace that starts now.
 *
 * @param speed Sensor time over the clock's; 0 never waits.
 */
export function pace(clock: Clock, speed: number): Pace {
  const startMs = clock.monotonicMs();
  return {
    async until(sensorUs, signal) {
      const waitMs = speed > 0 ? startMs + sensorUs / 1000 / speed - clock.monotonicMs() : 0;
      if (waitMs <= 0) return;
      await clock.sleep(waitMs, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
  };
}
