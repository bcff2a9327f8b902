import { expect, test } from "vitest";
import { systemClock } from "./system-clock.ts";

test("the time is the machine's, in whole microseconds", () => {
  const before = Date.now() * 1000 - 2000;
  const nowUs = systemClock.nowUs();
  expect(Number.isInteger(nowUs)).toBe(true);
  expect(nowUs).toBeGreaterThanOrEqual(before);
  expect(nowUs).toBeLessThanOrEqual((Date.now() + 2) * 1000);
});

test("a sleep lasts at least as long as it should", async () => {
  const startMs = systemClock.monotonicMs();
  await systemClock.sleep(5);
  // Timers count whole milliseconds and may end within the last of them.
  expect(systemClock.monotonicMs() - startMs).toBeGreaterThanOrEqual(4);
});

test("an abort ends a sleep", async () => {
  const stop = new AbortController();
  const sleeping = systemClock.sleep(60_000, stop.signal);
  stop.abort();
  await expect(sleeping).rejects.toMatchObject({ name: "AbortError" });
});
