import { silentLog, virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { publishQueueMax, publishTimeoutMs } from "./limits.ts";
import { memoryMeter } from "./meter.ts";
import { createPublisher } from "./publisher.ts";

type Commit = PromiseWithResolvers<"stored" | "full">;

function setUp(publish: () => Promise<void> = () => Promise.resolve()) {
  const clock = virtualClock();
  const meter = memoryMeter();
  const commits: Commit[] = [];
  const order: string[] = [];
  const publisher = createPublisher({
    disk: {
      commit: () => {
        const commit: Commit = Promise.withResolvers();
        commits.push(commit);
        return commit.promise;
      },
    },
    publish: (_topic, payload) => {
      order.push(`published ${JSON.parse(new TextDecoder().decode(payload)).index}`);
      return publish();
    },
    meter,
    clock,
    log: silentLog,
  });
  const add = (index: number): Promise<void> =>
    publisher.add({
      topic: "t",
      statements: [],
      receivedMs: clock.monotonicMs(),
      message: (latencyMs) => ({ index, latencyMs }),
      onStored: () => order.push(`stored ${index}`),
    });
  return { add, clock, commits, meter, order, publisher };
}

test("a prediction is published after its row is on disk, never before", async () => {
  const { add, clock, commits, order, publisher } = setUp();
  await add(0);
  await clock.advance(1000);
  expect(order).toEqual([]);
  commits[0]?.resolve("stored");
  await publisher.settled();
  expect(order).toEqual(["stored 0", "published 0"]);
});

test("predictions keep their order, whichever row is synced first", async () => {
  const { add, commits, order, publisher } = setUp();
  await Promise.all([add(0), add(1), add(2)]);
  for (const commit of commits.toReversed()) commit.resolve("stored");
  await publisher.settled();
  expect(order.filter((entry) => entry.startsWith("published"))).toEqual([
    "published 0",
    "published 1",
    "published 2",
  ]);
});

test("on a full disk predictions go out without a row, and are counted", async () => {
  const { add, commits, meter, order, publisher } = setUp();
  await add(0);
  commits[0]?.resolve("full");
  await publisher.settled();
  expect(order).toEqual(["published 0"]);
  expect(meter.read("unstored")).toBe(1);
});

test("a store that fails loses the row, not the prediction", async () => {
  const { add, commits, meter, order, publisher } = setUp();
  await add(0);
  commits[0]?.reject(new Error("thread died"));
  await publisher.settled();
  expect([order, meter.read("unstored")]).toEqual([["published 0"], 1]);
});

test("a broker that hangs holds nobody for longer than its timeout", async () => {
  const { add, clock, commits, meter, publisher } = setUp(() => new Promise(() => undefined));
  await Promise.all([add(0), add(1)]);
  for (const commit of commits) commit.resolve("stored");
  await clock.advance(0);
  await clock.advance(publishTimeoutMs);
  await clock.advance(publishTimeoutMs);
  await publisher.settled();
  expect(meter.read("publishFailures")).toBe(2);
});

test("the queue is bounded: whoever adds to a full one waits for room", async () => {
  const { add, clock, commits } = setUp();
  for (let index = 0; index < publishQueueMax - 1; index += 1) await add(index);
  let hasRoom = false;
  const last = add(publishQueueMax).then(() => {
    hasRoom = true;
  });
  await clock.advance(0);
  expect(hasRoom).toBe(false);
  commits[0]?.resolve("stored");
  await last;
  expect(hasRoom).toBe(true);
});
