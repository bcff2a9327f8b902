import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../clock.ts";

/**
 * The machine's own clock.
 *
 * The time of day is asked anew each time, never counted on from the start of the process: a board without a clock
 * battery starts hours behind and is set while it runs. It may therefore step either way and counts milliseconds;
 * durations are `monotonicMs`'s.
 */
export const systemClock: Clock = {
  nowUs: () => Date.now() * 1000,
  monotonicMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    await delay(durationMs, undefined, signal ? { signal } : {});
  },
};
