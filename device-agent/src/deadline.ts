import type { Clock } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";

/**
 * Waits for a result no longer than so many milliseconds; what comes later is dropped.
 *
 * @throws `DEADLINE_EXCEEDED`, and what the work throws.
 * @example
 * await within(Promise.resolve(7), 1_000, { sleep: () => new Promise(() => undefined) }); // => 7
 */
export async function within<T>(
  work: Promise<T>,
  timeoutMs: number,
  clock: Pick<Clock, "sleep">,
): Promise<T> {
  const stop = new AbortController();
  const late = clock.sleep(timeoutMs, stop.signal).then(() => {
    throw new EdgeloopError("DEADLINE_EXCEEDED", `no answer within ${timeoutMs} ms`, {
      details: { timeoutMs },
    });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    // The wait that lost is rejected by the stop, or the work later on: neither is news to anybody.
    for (const loser of [work, late]) loser.catch(() => undefined);
    stop.abort();
  }
}
