import type { Clock } from "@edgeloop/core/platform";

/** Something that can be waited for; a wake while nobody waits is kept for the next one who does. */
export type Wakeable = {
  wake(): void;
  /** Resolves at the next wake, after `timeoutMs`, or when `signal` aborts. */
  wait(signal: AbortSignal, timeoutMs?: number): Promise<void>;
};

/** Starts asleep. */
export function wakeable(clock: Clock): Wakeable {
  let isAwake = false;
  const waiters = new Set<() => void>();
  return {
    wake() {
      if (waiters.size === 0) isAwake = true;
      for (const waiter of waiters) waiter();
      waiters.clear();
    },
    async wait(signal, timeoutMs) {
      if (isAwake || signal.aborted) {
        isAwake = false;
        return;
      }
      const done = new AbortController();
      const until = AbortSignal.any([signal, done.signal]);
      const woken = Promise.withResolvers<void>();
      waiters.add(woken.resolve);
      until.addEventListener("abort", () => woken.resolve());
      if (timeoutMs !== undefined) clock.sleep(timeoutMs, until).then(woken.resolve, woken.resolve);
      await woken.promise;
      waiters.delete(woken.resolve);
      done.abort();
    },
  };
}
