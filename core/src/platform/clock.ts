/** Time as an argument: one seed and one virtual clock replay a whole fleet. */
export type Clock = {
  /** Microseconds UTC since the Unix epoch, an integer. The wall clock's: it may be set, and then steps either way. */
  nowUs(): number;
  /** Milliseconds from an arbitrary start that never steps back; for durations. */
  monotonicMs(): number;
  /**
   * Waits. Rejects with the signal's reason when it aborts.
   */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
};

type Sleeper = { readonly wakeMs: number; readonly wake: () => void };

/** A clock that stands still until it is told to move. */
export type VirtualClock = Clock & {
  /** Moves time and wakes, in order, whoever slept until then. */
  advance(durationMs: number): Promise<void>;
};

/**
 * Builds a clock for tests and simulations.
 *
 * @param startUs Microseconds UTC at which it starts.
 * @example
 * virtualClock(1_000).nowUs(); // => 1000
 */
export function virtualClock(startUs = 0): VirtualClock {
  let elapsedMs = 0;
  let sleepers: readonly Sleeper[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
  };
  return {
    nowUs: () => startUs + Math.round(elapsedMs * 1000),
    monotonicMs: () => elapsedMs,
    sleep(durationMs, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const sleeper = { wakeMs: elapsedMs + durationMs, wake: resolve };
        sleepers = [...sleepers, sleeper].toSorted((a, b) => a.wakeMs - b.wakeMs);
        signal?.addEventListener("abort", () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal.reason);
        });
      });
    },
    async advance(durationMs) {
      const untilMs = elapsedMs + durationMs;
      for (let next = sleepers[0]; next && next.wakeMs <= untilMs; next = sleepers[0]) {
        elapsedMs = Math.max(elapsedMs, next.wakeMs);
        sleepers = sleepers.slice(1);
        next.wake();
        await settle();
      }
      elapsedMs = untilMs;
      await settle();
    },
  };
}
