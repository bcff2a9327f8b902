import type { Clock, Log } from "@edgeloop/core/platform";
import { codeOf, messageOf } from "@edgeloop/core/platform";

/** How often a job is tried before it is given up. */
export const jobAttemptsMax = 5;

/** How long the first pause after a failure is; it doubles. */
export const jobRetryMs = 200;

/** A full disk is waited for: whoever asked for the job asks again at the next tick. */
const isWaitedOut = (code: string): boolean => code === "STORE_FULL" || code === "BLOB_FULL";

/** Work that a state waits for: each key runs once at a time, however often it is asked for. */
export type Jobs = {
  /**
   * Starts a job unless it runs already; a failure is tried again, then given up by code. A full disk gives nothing up.
   *
   * @param giveUp Told the code of the last failure. When it fails too, nothing has changed: ask again.
   */
  ensure(key: string, run: () => Promise<void>, giveUp: (code: string) => Promise<void>): void;
  /** Resolves once nothing runs. */
  idle(): Promise<void>;
};

/** Starts with nothing to do; stops trying when `signal` aborts. */
export function jobRunner(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Jobs {
  const running = new Map<string, Promise<void>>();
  const attempt = async (key: string, run: () => Promise<void>): Promise<string | undefined> => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        await run();
        return undefined;
      } catch (error) {
        const fields = { job: key, attempts, code: codeOf(error), message: messageOf(error) };
        log.error("job failed", fields);
        if (signal.aborted || attempts >= jobAttemptsMax) return codeOf(error);
      }
      await clock.sleep(jobRetryMs * 2 ** (attempts - 1), signal);
    }
  };
  return {
    ensure(key, run, giveUp) {
      if (running.has(key) || signal.aborted) return;
      const done = attempt(key, run)
        .then((code) =>
          code === undefined || signal.aborted || isWaitedOut(code) ? undefined : giveUp(code),
        )
        .catch((error: unknown) => {
          if (!signal.aborted) log.error("job lost", { job: key, message: messageOf(error) });
        })
        .finally(() => running.delete(key));
      running.set(key, done);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running.values());
    },
  };
}
