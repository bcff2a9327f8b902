import { EdgeloopError, silentLog, virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { jobAttemptsMax, jobRunner } from "./jobs.ts";

test("a key runs once at a time, and again when it is asked for later", async () => {
  const jobs = jobRunner({ clock: virtualClock(), log: silentLog }, new AbortController().signal);
  let runs = 0;
  const job = async () => {
    await Promise.resolve();
    runs += 1;
  };
  const never = () => Promise.reject(new Error("given up"));
  jobs.ensure("a", job, never);
  jobs.ensure("a", job, never);
  jobs.ensure("b", job, never);
  await jobs.idle();
  expect(runs).toBe(2);
  jobs.ensure("a", job, never);
  await jobs.idle();
  expect(runs).toBe(3);
});

test("a failure is tried again with growing pauses, then given up by its code", async () => {
  const clock = virtualClock();
  const jobs = jobRunner({ clock, log: silentLog }, new AbortController().signal);
  const at: number[] = [];
  const codes: string[] = [];
  jobs.ensure(
    "a",
    () => {
      at.push(clock.monotonicMs());
      return Promise.reject(new EdgeloopError("BLOB_MISSING", "gone"));
    },
    (code) => Promise.resolve(void codes.push(code)),
  );
  for (const pause of [0, 200, 400, 800, 1600]) await clock.advance(pause);
  await jobs.idle();
  expect(at).toEqual([0, 200, 600, 1400, 3000]);
  expect(at).toHaveLength(jobAttemptsMax);
  expect(codes).toEqual(["BLOB_MISSING"]);
});

test.for(["STORE_FULL", "BLOB_FULL"])(
  "%s gives nothing up, and is tried when asked again",
  async (code) => {
    const clock = virtualClock();
    const jobs = jobRunner({ clock, log: silentLog }, new AbortController().signal);
    const codes: string[] = [];
    let isFull = true;
    const ask = () =>
      jobs.ensure(
        "a",
        () => (isFull ? Promise.reject(new EdgeloopError(code, "full")) : Promise.resolve()),
        (given) => Promise.resolve(void codes.push(given)),
      );
    ask();
    for (const pause of [0, 200, 400, 800, 1600]) await clock.advance(pause);
    await jobs.idle();
    isFull = false;
    ask();
    await jobs.idle();
    expect(codes).toEqual([]);
  },
);

test("a stop ends the pauses and gives nothing up", async () => {
  const stop = new AbortController();
  const clock = virtualClock();
  const jobs = jobRunner({ clock, log: silentLog }, stop.signal);
  let isGivenUp = false;
  jobs.ensure(
    "a",
    () => Promise.reject(new Error("no")),
    () => {
      isGivenUp = true;
      return Promise.resolve();
    },
  );
  await clock.advance(0);
  stop.abort();
  await jobs.idle();
  jobs.ensure(
    "b",
    () => Promise.reject(new Error("never started")),
    () => Promise.resolve(),
  );
  expect(isGivenUp).toBe(false);
});
