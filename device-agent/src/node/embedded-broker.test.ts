import { fromUtf8, silentLog } from "@edgeloop/core/platform";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import type { LabelInlet, LocalBroker } from "../local-broker.ts";
import { openEmbeddedBroker } from "./embedded-broker.ts";

const topic = "edgeloop/v1/plant/devices/pump-1/labels";

async function open(labels: LabelInlet): Promise<LocalBroker> {
  const broker = await openEmbeddedBroker({ host: "127.0.0.1", port: 0, labels, log: silentLog });
  onTestFinished(() => broker.close());
  return broker;
}

async function connect(url: string, options: { reconnectPeriod?: number } = {}) {
  const client = await connectAsync(url, options);
  onTestFinished(() => client.endAsync(true));
  return client;
}

test("a label is acknowledged only once it was taken", async () => {
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const broker = await open({
    topic,
    take: async (payload) => {
      order.push(`asked ${fromUtf8(payload)}`);
      await gate.promise;
      order.push("stored");
    },
  });
  const client = await connect(broker.url);
  const sent = client.publishAsync(topic, "L", { qos: 1 }).then(() => order.push("acknowledged"));
  // A round trip on the same broker shows that the acknowledgement is not merely slow.
  const other = await connect(broker.url);
  await other.publishAsync("elsewhere", "x", { qos: 1 });
  gate.resolve();
  await sent;
  expect(order).toEqual(["asked L", "stored", "acknowledged"]);
});

test("a label that cannot be stored is sent again until it is", async () => {
  let attempts = 0;
  const broker = await open({
    topic,
    take: () => {
      attempts += 1;
      return attempts < 3 ? Promise.reject(new Error("disk full")) : Promise.resolve();
    },
  });
  const client = await connect(broker.url, { reconnectPeriod: 10 });
  await client.publishAsync(topic, "L", { qos: 1 });
  expect(attempts).toBe(3);
});

test("what a sensor sends before the gateway reads is kept back, not lost", async () => {
  const labels = { topic, take: () => Promise.resolve() };
  const broker = await openEmbeddedBroker({
    host: "127.0.0.1",
    port: 0,
    labels,
    awaited: ["sensor/a"],
    log: silentLog,
  });
  onTestFinished(() => broker.close());
  const order: string[] = [];
  const sensor = await connect(broker.url);
  const sent = sensor
    .publishAsync("sensor/a", "1", { qos: 1 })
    .then(() => order.push("acknowledged"));
  const reader = await connect(broker.url);
  const received = new Promise<void>((resolve) => {
    reader.on("message", () => resolve());
  });
  order.push("subscribes");
  await reader.subscribeAsync("sensor/a", { qos: 1 });
  await Promise.all([sent, received]);
  expect(order).toEqual(["subscribes", "acknowledged"]);
});

test("what the gateway publishes reaches readers unchanged", async () => {
  const broker = await open({ topic, take: () => Promise.resolve() });
  const client = await connect(broker.url);
  const received = new Promise<Uint8Array>((resolve) => {
    client.on("message", (_topic, payload) => resolve(payload));
  });
  await client.subscribeAsync("a/b", { qos: 1 });
  await broker.publish("a/b", Uint8Array.of(0, 255, 7));
  expect(Uint8Array.from(await received)).toEqual(Uint8Array.of(0, 255, 7));
});

test("a taken port is refused with its code", async () => {
  const first = await open({ topic, take: () => Promise.resolve() });
  const port = Number(new URL(first.url).port);
  const labels = { topic, take: () => Promise.resolve() };
  await expect(
    openEmbeddedBroker({ host: "127.0.0.1", port, labels, log: silentLog }),
  ).rejects.toMatchObject({ code: "BROKER_UNAVAILABLE" });
});
