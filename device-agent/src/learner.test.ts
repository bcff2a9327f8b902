import { EdgeloopError, silentLog, virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { createLearner } from "./learner.ts";
import type { LearnerApi } from "./learner-protocol.ts";
import { learnerLingerMs, learnerStartsMax } from "./limits.ts";
import { memoryMeter } from "./meter.ts";

const died = new EdgeloopError("WORKER_DIED", "killed");

function setUp() {
  const meter = memoryMeter();
  const raised: string[] = [];
  const running = { now: 0, most: 0, started: 0 };
  const clock = virtualClock();
  const learner = createLearner({
    start: () => {
      running.started += 1;
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      const end = (): Promise<void> => {
        running.now = 0;
        return Promise.resolve();
      };
      return Promise.resolve({ api: {} as LearnerApi, end });
    },
    events: { raise: ({ code }) => raised.push(code) },
    meter,
    log: silentLog,
    clock,
  });
  return { learner, clock, meter, raised, running };
}

const signal = new AbortController().signal;

test("a killed learner is reported, started again, and its work done from the beginning", async () => {
  const { learner, clock, meter, raised, running } = setUp();
  let attempts = 0;
  const result = await learner.use(() => {
    attempts += 1;
    return attempts < 3 ? Promise.reject(died) : Promise.resolve("update");
  }, signal);
  expect([result, attempts, running.started]).toEqual(["update", 3, 3]);
  expect(raised).toEqual(["LEARNER_DIED", "LEARNER_DIED"]);
  expect(meter.read("learnerSessions", ["died"])).toBe(2);
  await clock.advance(learnerLingerMs);
  expect(running.now).toBe(0);
});

test("a learner that dies every time is given up", async () => {
  const { learner, running } = setUp();
  await expect(learner.use(() => Promise.reject(died), signal)).rejects.toMatchObject({
    code: "LEARNER_FAILED",
  });
  expect(running.started).toBe(learnerStartsMax);
});

test("work that fails by itself is not repeated", async () => {
  const { learner, running } = setUp();
  const failure = new EdgeloopError("TRAINING_DIVERGED", "the loss is not finite");
  await expect(learner.use(() => Promise.reject(failure), signal)).rejects.toBe(failure);
  expect(running.started).toBe(1);
});

test("one process at a time, ended after its work", async () => {
  const { learner, running } = setUp();
  await Promise.all([1, 2, 3].map(() => learner.use(() => Promise.resolve(), signal)));
  expect([running.most, running.now, running.started]).toEqual([1, 1, 1]);
});

test("an aborted session ends its process and is not repeated", async () => {
  const { learner, running } = setUp();
  const stop = new AbortController();
  const reason = new Error("stopping");
  const used = learner.use(
    () =>
      new Promise((_resolve, reject) => {
        stop.signal.addEventListener("abort", () => reject(died));
        stop.abort(reason);
      }),
    stop.signal,
  );
  await expect(used).rejects.toBe(reason);
  expect([running.started, running.now]).toEqual([1, 0]);
});

test("pieces of a round share one process, which ends when nothing follows", async () => {
  const { learner, clock, running } = setUp();
  const work = () => Promise.resolve(1);
  await learner.use(work, signal);
  await clock.advance(learnerLingerMs - 1);
  await learner.use(work, signal);
  await clock.advance(learnerLingerMs - 1);
  expect(running).toMatchObject({ now: 1, started: 1 });
  await clock.advance(1);
  expect(running.now).toBe(0);
  await learner.use(work, signal);
  expect(running.started).toBe(2);
});
