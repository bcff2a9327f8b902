import { virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { wakeable } from "./wakeable.ts";

const never = new AbortController().signal;

test("a wake while nobody waits is kept for the next one, once", async () => {
  const clock = virtualClock();
  const work = wakeable(clock);
  work.wake();
  work.wake();
  await work.wait(never);
  let isWoken = false;
  const second = work.wait(never).then(() => {
    isWoken = true;
  });
  await clock.advance(1000);
  expect(isWoken).toBe(false);
  work.wake();
  await second;
});

test("a wake after a wait has timed out is not lost", async () => {
  const clock = virtualClock();
  const work = wakeable(clock);
  const timed = work.wait(never, 50);
  await clock.advance(50);
  await timed;
  work.wake();
  await work.wait(never);
});

test("everybody who waits is woken, and an abort ends the wait", async () => {
  const work = wakeable(virtualClock());
  const stop = new AbortController();
  const waits = [work.wait(never), work.wait(never), work.wait(stop.signal)];
  work.wake();
  await Promise.all(waits);
  const aborted = work.wait(stop.signal);
  stop.abort();
  await aborted;
});
