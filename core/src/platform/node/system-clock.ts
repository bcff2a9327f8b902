import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../clock.ts";

/** The machine's own clock. */
export const systemClock: Clock = {
  nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  monotonicMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    await delay(durationMs, undefined, signal ? { signal } : {});
  },
};
