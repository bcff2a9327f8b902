import { expect, test } from "vitest";
import type { QueuedMessage } from "./session-queues.ts";
import { sessionQueues } from "./session-queues.ts";

/** Messages of a kilobyte and the overhead. */
const message = (brokerCounter: number): QueuedMessage => ({
  cmd: "publish",
  topic: "",
  payload: new Uint8Array(1024),
  brokerId: "b",
  brokerCounter,
});

/** Queues with room for three such messages. */
function setUp() {
  const dropped: string[] = [];
  const queues = sessionQueues({
    bytesMax: 3 * (1024 + 512),
    onDropped: (session) => dropped.push(session),
  });
  const kept = (session: string) => queues.messages(session).map((one) => one.brokerCounter);
  return { dropped, kept, queues };
}

test("without room the oldest message of the largest queue goes, and is counted", () => {
  const { dropped, kept, queues } = setUp();
  queues.add(["small"], message(1));
  for (let index = 2; index < 10; index += 1) queues.add(["large"], message(index));
  expect([kept("small"), kept("large")]).toEqual([[1], [8, 9]]);
  expect(dropped).toEqual(Array(6).fill("large"));
});

test("what was acknowledged makes room, each session by its own identifier", () => {
  const { dropped, kept, queues } = setUp();
  queues.add(["a", "b"], message(1));
  queues.update("a", { ...message(1), messageId: 7 });
  expect(queues.remove("b", 7)).toBeUndefined();
  expect(queues.remove("a", 7)?.brokerCounter).toBe(1);
  queues.add(["a"], message(2));
  queues.add(["a"], message(3));
  expect([kept("a"), kept("b"), dropped]).toEqual([[2, 3], [1], []]);
});

test("the second step of QoS 2 takes the place and not the room of its message", () => {
  const { dropped, kept, queues } = setUp();
  for (let index = 1; index < 4; index += 1) {
    queues.add(["a"], message(index));
    queues.update("a", { ...message(index), messageId: index });
    queues.update("a", { cmd: "pubrel", messageId: index });
  }
  queues.add(["a"], message(4));
  expect(dropped).toEqual([]);
  expect(kept("a")).toEqual([undefined, undefined, undefined, 4]);
  expect(queues.remove("a", 2)?.cmd).toBe("pubrel");
});

test("a session that is forgotten leaves nothing behind", () => {
  const { dropped, kept, queues } = setUp();
  for (let index = 1; index < 4; index += 1) queues.add(["a"], message(index));
  expect(queues.forget("a")).toBe(3);
  for (let index = 1; index < 4; index += 1) queues.add(["b"], message(index));
  expect([kept("a"), kept("b"), dropped]).toEqual([[], [1, 2, 3], []]);
});

test("a message larger than all the room is not kept", () => {
  const { kept, queues } = setUp();
  queues.add(["a"], { ...message(1), payload: new Uint8Array(10_000) });
  expect(kept("a")).toEqual([]);
});
