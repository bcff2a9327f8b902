import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "./system-clock.ts";

test("the time is the machine's, in whole microseconds", () => {
  const before = Date.now() * 1000 - 2000;
  const nowUs = systemClock.nowUs();
  expect(Number.isInteger(nowUs)).toBe(true);
  expect(nowUs).toBeGreaterThanOrEqual(before);
  expect(nowUs).toBeLessThanOrEqual((Date.now() + 2) * 1000);
});

test("a clock that is set while the process runs is followed, and durations are not touched", () => {
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const startMs = systemClock.monotonicMs();
  vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
  expect(systemClock.nowUs()).toBe(1_700_000_000_000_000);
  vi.setSystemTime(1_700_003_600_000);
  expect(systemClock.nowUs()).toBe(1_700_003_600_000_000);
  // An hour on the wall is no hour of work.
  expect(systemClock.monotonicMs() - startMs).toBeLessThan(60_000);
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
