import { silentLog } from "@edgeloop/core/platform";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import { sessionQueueBytesMax, sessionsAwayMax } from "../limits.ts";
import type { LabelInlet } from "../local-broker.ts";
import { openEmbeddedBroker } from "./embedded-broker.ts";

const topic = "inference";
const payloadBytes = 1024 * 1024;
const labels: LabelInlet = { topic: "none", take: () => Promise.resolve() };

async function setUp() {
  let dropped = 0;
  const broker = await openEmbeddedBroker({
    host: "127.0.0.1",
    port: 0,
    labels,
    onDropped: (count) => {
      dropped += count;
    },
    log: silentLog,
  });
  onTestFinished(() => broker.close());
  /** Connects; `received` gathers the first byte of what arrives, up to the one named `last`. */
  const connect = async (clientId: string, last = 0) => {
    const received: number[] = [];
    const complete = Promise.withResolvers<void>();
    const client = await connectAsync(broker.url, { clientId, clean: false });
    client.on("message", (_topic, [first = 0]) => {
      received.push(first);
      if (first === last) complete.resolve();
    });
    onTestFinished(() => client.endAsync(true));
    return { client, complete: complete.promise, received };
  };
  /** Subscribes and goes away. */
  const subscribe = async (clientId: string): Promise<void> => {
    const { client } = await connect(clientId);
    await client.subscribeAsync(topic, { qos: 1 });
    await client.endAsync();
  };
  const publish = (first: number, bytes = 1): Promise<void> =>
    broker.publish(topic, new Uint8Array(bytes).fill(first));
  return { connect, dropped: () => dropped, publish, subscribe };
}

test("what a reader missed comes when it returns, in order, and once", async () => {
  const { connect, dropped, publish, subscribe } = await setUp();
  await subscribe("reader");
  for (const first of [1, 2, 3]) await publish(first);
  const { client, complete, received } = await connect("reader", 3);
  await complete;
  expect(received).toEqual([1, 2, 3]);
  await client.endAsync();
  // All of it was acknowledged: nothing comes again.
  await publish(4);
  const again = await connect("reader", 4);
  await again.complete;
  expect([again.received, dropped()]).toEqual([[4], 0]);
});

test("a reader that stays away costs a bounded number of bytes: the oldest messages go and are counted", async () => {
  const { connect, dropped, publish, subscribe } = await setUp();
  await subscribe("reader");
  const kept = Math.floor(sessionQueueBytesMax / (payloadBytes + 1024));
  for (let first = 1; first <= kept + 10; first += 1) await publish(first, payloadBytes);
  expect(dropped()).toBe(10);
  const { complete, received } = await connect("reader", kept + 10);
  await complete;
  expect(received).toEqual(Array.from({ length: kept }, (_, index) => index + 11));
});

test("of clients that never come back only so many are remembered, the longest away goes", async () => {
  const { connect, dropped, publish, subscribe } = await setUp();
  await subscribe("first");
  await publish(1);
  for (let index = 0; index < sessionsAwayMax; index += 1) await subscribe(`once-${index}`);
  expect(dropped()).toBe(1);
  await publish(2);
  // A session that was forgotten starts without subscriptions; the newest still gets what it missed.
  const newest = await connect(`once-${sessionsAwayMax - 1}`, 2);
  await newest.complete;
  const first = await connect("first");
  await first.client.publishAsync("elsewhere", "x", { qos: 1 });
  expect([newest.received, first.received]).toEqual([[2], []]);
});
