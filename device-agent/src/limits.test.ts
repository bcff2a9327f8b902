import { expect, test } from "vitest";
import * as limits from "./limits.ts";

test("every limit is a whole number, and names its bound or unit", () => {
  for (const [name, value] of Object.entries(limits)) {
    expect(Number.isSafeInteger(value), name).toBe(true);
    expect(name).toMatch(/(Max|Min|Ms|Windows|Runs)$/);
  }
});

test("a learner's message stays far below what would hold the daemon up", () => {
  // 1 kHz, three axes, two seconds: 24 kB a window. Copying 64 of them takes a millisecond or two.
  expect(limits.windowsPerMessageMax * 24_000).toBeLessThan(2_000_000);
});

test("waits that happen while the gateway drains are shorter than the drain", () => {
  expect(limits.publishTimeoutMs).toBeLessThanOrEqual(limits.drainTimeoutMs);
});
