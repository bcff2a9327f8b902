import { silentLog, virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { progressIntervalMs } from "./limits.ts";
import { createProgress } from "./progress.ts";

async function setUp({ failures = 0 } = {}) {
  const clock = virtualClock();
  const reports: unknown[] = [];
  let failuresLeft = failures;
  let wakes = 0;
  const progress = createProgress({
    clock,
    log: silentLog,
    report: (event) => {
      failuresLeft -= 1;
      if (failuresLeft >= 0) return Promise.reject(new Error("disk full"));
      reports.push(event);
      return Promise.resolve();
    },
    wake: () => {
      wakes += 1;
    },
  });
  const stop = new AbortController();
  const ran = progress.run(stop.signal);
  await clock.advance(0);
  return { clock, reports, wakes: () => wakes, progress, stop, ran };
}

test("many labels and windows are one report of each kind", async () => {
  const { clock, progress, ran, reports, stop, wakes } = await setUp();
  for (let index = 1; index <= 50; index += 1) {
    progress.labelled();
    progress.advanced(index * 100);
  }
  await clock.advance(progressIntervalMs);
  expect(reports).toEqual([
    { code: "LABELS_ADDED", sensorUs: 5000, counters: { labels: 50 } },
    { code: "DATA_ADVANCED", sensorUs: 5000 },
  ]);
  expect(wakes()).toBe(1);
  stop.abort();
  await ran;
});

test("without news nothing is said", async () => {
  const { clock, progress, ran, reports, stop, wakes } = await setUp();
  progress.advanced(100);
  await clock.advance(progressIntervalMs);
  progress.advanced(50);
  await clock.advance(10 * progressIntervalMs);
  expect(reports).toHaveLength(1);
  expect(progress.highUs()).toBe(100);
  expect(wakes()).toBe(2);
  stop.abort();
  await ran;
});

test("what could not be reported is reported later, and every label is counted once", async () => {
  const { clock, progress, ran, reports, stop } = await setUp({ failures: 2 });
  progress.labelled();
  await clock.advance(progressIntervalMs);
  progress.labelled();
  progress.advanced(7);
  await clock.advance(progressIntervalMs);
  expect(reports).toEqual([]);
  await clock.advance(progressIntervalMs);
  expect(reports).toEqual([
    { code: "LABELS_ADDED", sensorUs: 7, counters: { labels: 2 } },
    { code: "DATA_ADVANCED", sensorUs: 7 },
  ]);
  stop.abort();
  await ran;
});
