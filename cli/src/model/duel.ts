import { setImmediate as turn } from "node:timers/promises";
import type { Tensors } from "@edgeloop/core/graph";
import type { Session } from "@edgeloop/core/runtime";
import { percentile } from "@edgeloop/core/statistics";

/** How long runs go on, and how many there are of each. */
export type DuelLimits = {
  readonly ms: number;
  readonly runsMin: number;
  readonly runsMax: number;
};

/** A second, so that one burst of other work does not decide. */
export const duelLimits: DuelLimits = { ms: 1000, runsMin: 10, runsMax: 2000 };

/** Runs that compile and warm caches, and are not counted. */
const warmUps = 3;

/** What one run takes. */
export type Latency = { readonly p50Us: number; readonly p99Us: number };

/** One of those that are timed. */
export type Contender = { readonly session: Session; readonly feeds: Tensors };

/** Times models in turns, so that whatever else the machine does falls on all of them. */
export async function duel(
  contenders: readonly Contender[],
  limits: DuelLimits = duelLimits,
): Promise<readonly Latency[]> {
  const times = contenders.map((): number[] => []);
  const rounds = async (count: number, keep: boolean): Promise<void> => {
    for (let round = 0; round < count; round += 1) {
      for (const [i, { session, feeds }] of contenders.entries()) {
        const fromMs = performance.now();
        await session.run(feeds);
        if (keep) times[i]?.push((performance.now() - fromMs) * 1000);
      }
    }
  };
  await rounds(warmUps, false);
  const endMs = performance.now() + limits.ms;
  for (let runs = 0; runs < limits.runsMax; runs += 1) {
    if (runs >= limits.runsMin && performance.now() >= endMs) break;
    await rounds(1, true);
    // Signals get their turn between runs, outside what is measured.
    if (runs % 100 === 99) await turn();
  }
  return times.map((us) => {
    const sorted = Float64Array.from(us).toSorted();
    return { p50Us: percentile(sorted, 0.5), p99Us: percentile(sorted, 0.99) };
  });
}
