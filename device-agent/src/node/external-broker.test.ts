import { silentLog } from "@edgeloop/core/platform";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import type { LabelInlet, LocalBroker } from "../local-broker.ts";
import { openEmbeddedBroker } from "./embedded-broker.ts";
import { openExternalBroker } from "./external-broker.ts";

const topic = "edgeloop/v1/plant/devices/pump-1/labels";

async function open(labels: LabelInlet): Promise<LocalBroker> {
  const broker = await openEmbeddedBroker({ host: "127.0.0.1", port: 0, labels, log: silentLog });
  onTestFinished(() => broker.close());
  return broker;
}

async function connect(url: string) {
  const client = await connectAsync(url);
  onTestFinished(() => client.endAsync(true));
  return client;
}

test("through a broker beside the gateway a label that was not stored comes again", async () => {
  const beside = await open({ topic: "none", take: () => Promise.resolve() });
  let attempts = 0;
  const stored = Promise.withResolvers<void>();
  const labels: LabelInlet = {
    topic,
    take: () => {
      attempts += 1;
      if (attempts < 2) return Promise.reject(new Error("disk full"));
      stored.resolve();
      return Promise.resolve();
    },
  };
  const gateway = await openExternalBroker({
    url: beside.url,
    clientId: "pump-1",
    labels,
    log: silentLog,
  });
  onTestFinished(() => gateway.close());
  const client = await connect(beside.url);
  await client.publishAsync(topic, "L", { qos: 1 });
  await stored.promise;
  expect(attempts).toBe(2);
});

test("a broker that is not there is refused with its code", async () => {
  const labels = { topic, take: () => Promise.resolve() };
  await expect(
    openExternalBroker({ url: "mqtt://127.0.0.1:1", clientId: "x", labels, log: silentLog }),
  ).rejects.toMatchObject({ code: "BROKER_UNAVAILABLE" });
});
