import { virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { pace } from "./pace.ts";

const signal = new AbortController().signal;

test.for([
  [1, 1000],
  [4, 250],
])("at %d times the speed a second takes %d ms", async ([speed = 0, tookMs = 0]) => {
  const clock = virtualClock();
  let done = false;
  const waiting = pace(clock, speed)
    .until(1e6, signal)
    .then(() => {
      done = true;
    });
  await clock.advance(tookMs - 1);
  expect(done).toBe(false);
  await clock.advance(1);
  await waiting;
});

test("speed 0 never waits, and what is late is not waited for", async () => {
  const clock = virtualClock();
  await pace(clock, 0).until(1e12, signal);
  const started = pace(clock, 1);
  await clock.advance(5000);
  await started.until(4e6, signal);
});

test("an abort ends the wait", async () => {
  const stop = new AbortController();
  const waiting = pace(virtualClock(), 1).until(1e6, stop.signal);
  stop.abort();
  await waiting;
});
