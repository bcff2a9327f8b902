import type { Clock, Log, Rng } from "@edgeloop/core/platform";
import { codeOf, messageOf } from "@edgeloop/core/platform";
import { linkRetryDelayMs, linkRetryDelayMsMax } from "./limits.ts";

/** What no further attempt changes: the fleet has put this device out, or the configuration forbids the connection. */
const leaving: ReadonlySet<string> = new Set(["DEVICE_REVOKED", "CONNECTION_INSECURE"]);

/**
 * Keeps the link to the coordinator until `signal` aborts: opens it, and opens it again when opening or holding it failed.
 *
 * A disk that is full while a gateway starts is no reason to work without a coordinator until the next restart. A device
 * that was revoked leaves; what runs on it goes on.
 *
 * @param options `hold`: opens the link and holds it; resolves once the signal has aborted.
 */
export async function keepLink(
  {
    hold,
    clock,
    rng,
    log,
  }: {
    readonly hold: () => Promise<void>;
    readonly clock: Clock;
    readonly rng: Rng;
    readonly log: Log;
  },
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    const startMs = clock.monotonicMs();
    try {
      await hold();
      return;
    } catch (error) {
      if (signal.aborted) return;
      const why = { code: codeOf(error), reason: messageOf(error) };
      if (leaving.has(why.code)) {
        log.error("coordinator-left", why);
        return;
      }
      // A link that held for long begins anew.
      const heldLong = clock.monotonicMs() - startMs > linkRetryDelayMsMax;
      failures = heldLong ? 1 : failures + 1;
      log.warn("coordinator-link-failed", { ...why, failures });
    }
    const delayMs = Math.min(linkRetryDelayMsMax, linkRetryDelayMs * 2 ** failures);
    await clock.sleep(rng() * delayMs, signal).catch(() => undefined);
  }
}
