import { expect, test } from "vitest";
import { virtualClock } from "./clock.ts";

test("time stands still until it is moved", async () => {
  const clock = virtualClock(1_000_000);
  expect([clock.nowUs(), clock.monotonicMs()]).toEqual([1_000_000, 0]);
  await clock.advance(1500);
  expect([clock.nowUs(), clock.monotonicMs()]).toEqual([2_500_000, 1500]);
});

test("sleepers wake in order of their times, at their times", async () => {
  const clock = virtualClock();
  const woken: (readonly [string, number])[] = [];
  const sleep = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    woken.push([name, clock.monotonicMs()]);
  };
  const all = [sleep("late", 300), sleep("early", 100), sleep("middle", 200)];
  await clock.advance(250);
  expect(woken).toEqual([
    ["early", 100],
    ["middle", 200],
  ]);
  await clock.advance(50);
  await Promise.all(all);
  expect(woken.at(-1)).toEqual(["late", 300]);
});

test("who sleeps again in the same stretch wakes again in it", async () => {
  const clock = virtualClock();
  let turns = 0;
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(10);
      turns += 1;
      if (turns === 5) return;
    }
  };
  const done = loop();
  await clock.advance(50);
  await done;
  expect(turns).toBe(5);
});

test("an abort wakes a sleeper with its reason, before and during the sleep", async () => {
  const clock = virtualClock();
  const stop = new AbortController();
  const sleeping = clock.sleep(1000, stop.signal);
  const reason = new Error("enough");
  stop.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
  await expect(clock.sleep(1, stop.signal)).rejects.toBe(reason);
  await clock.advance(2000);
});
