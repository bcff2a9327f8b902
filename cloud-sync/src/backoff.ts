import type { Rng } from "@edgeloop/core/platform";

/** Bounds of a growing pause between attempts. */
export type Backoff = { readonly baseMs: number; readonly capMs: number };

/**
 * Draws how long to wait before the next attempt: anything up to a bound that doubles, so that a fleet does not come
 * back at once.
 *
 * @param attempt Failures so far, from 1.
 * @see Brooker 2015, "Exponential Backoff And Jitter" (full jitter)
 * @example
 * backoffMs(3, { baseMs: 100, capMs: 10_000 }, () => 0.5); // => 200
 */
export const backoffMs = (attempt: number, { baseMs, capMs }: Backoff, rng: Rng): number =>
  rng() * Math.min(capMs, baseMs * 2 ** (Math.min(attempt, 32) - 1));
