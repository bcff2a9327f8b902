import { expect, test } from "vitest";
import { latencyRecorder, percentile } from "./latency.ts";

test("percentiles are exact while everything is kept", () => {
  const recorder = latencyRecorder();
  for (let i = 1000; i >= 1; i -= 1) recorder.add(i);
  expect(recorder.summary()).toEqual({
    count: 1000,
    p50Ms: 500,
    p90Ms: 900,
    p99Ms: 990,
    maxMs: 1000,
  });
});

test("beyond the bound percentiles come from an even sample and the maximum stays exact", () => {
  const recorder = latencyRecorder(1000);
  for (let i = 1; i <= 100_000; i += 1) recorder.add(i);
  const { count, p50Ms, maxMs } = recorder.summary();
  expect(count).toBe(100_000);
  expect(maxMs).toBe(100_000);
  // The median of 1,000 draws has a standard deviation of 1.6 % of the range; four of them.
  expect(Math.abs(p50Ms - 50_000)).toBeLessThan(6_400);
});

test("nothing, and nothing after a reset, is all 0", () => {
  const recorder = latencyRecorder();
  const none = { count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 };
  expect(recorder.summary()).toEqual(none);
  recorder.add(3);
  recorder.reset();
  expect(recorder.summary()).toEqual(none);
});

test("the nearest rank is that of the textbook example", () => {
  // Nearest-rank example of Wikipedia's "Percentile": of 15, 20, 35, 40, 50 the 5th is 15, the 40th 20, the 100th 50.
  const sorted = [15, 20, 35, 40, 50];
  expect([0.05, 0.3, 0.4, 0.5, 1].map((share) => percentile(sorted, share))).toEqual([
    15, 20, 20, 35, 50,
  ]);
});
