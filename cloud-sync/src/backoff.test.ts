import { seededRng } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

test("a pause never exceeds its bound, which doubles up to the cap", () => {
  const rng = seededRng(1);
  for (let attempt = 1; attempt < 100; attempt += 1) {
    const pause = backoffMs(attempt, { baseMs: 10, capMs: 500 }, rng);
    expect(pause).toBeGreaterThanOrEqual(0);
    expect(pause).toBeLessThanOrEqual(Math.min(500, 10 * 2 ** (attempt - 1)));
  }
});
