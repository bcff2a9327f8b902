import type { CaptureLedger } from "./capture/ledger.ts";
import type { PlantStream } from "./plant/plant-stream.ts";
import type { PredictionBook } from "./plant/prediction-book.ts";

/** What grows while a fleet is watched. */
export type Growing = {
  readonly ledger: Pick<CaptureLedger, "countOnly">;
  readonly book: Pick<PredictionBook, "forgetBefore">;
  readonly streams: readonly Pick<PlantStream, "forgetBefore">[];
  /** Sensor time now. */
  readonly nowUs: () => number;
};

/** What stays known of the past, in sensor time: more than a gateway that was away can be behind. */
export const keepUs = 300_000_000;
const forgetEveryMs = 10_000;

/**
 * Stays with a fleet until it is interrupted, which is how staying is meant to end.
 *
 * The result is drawn by now: the past is forgotten bit by bit, so that memory does not grow.
 */
export async function stayUntilInterrupted(
  { ledger, book, streams, nowUs }: Growing,
  signal: AbortSignal,
): Promise<void> {
  ledger.countOnly();
  const forget = setInterval(() => {
    for (const one of [book, ...streams]) one.forgetBefore(nowUs() - keepUs);
  }, forgetEveryMs);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  clearInterval(forget);
}
