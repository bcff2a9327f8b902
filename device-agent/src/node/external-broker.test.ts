import { silentLog, virtualClock } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import { brokerTimeoutMs, brokerUnacknowledgedMax } from "../limits.ts";
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
    clock: systemClock,
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
    openExternalBroker({
      url: "mqtt://127.0.0.1:1",
      clientId: "x",
      labels,
      clock: systemClock,
      log: silentLog,
    }),
  ).rejects.toMatchObject({ code: "BROKER_UNAVAILABLE" });
});

const nobody: LabelInlet = { topic: "none", take: () => Promise.resolve() };

/** A gateway beside a broker that never acknowledges what is published to `stuck`. */
async function besideSilent() {
  const beside = await openEmbeddedBroker({
    host: "127.0.0.1",
    port: 0,
    labels: { topic: "stuck", take: () => new Promise(() => undefined) },
    log: silentLog,
  });
  onTestFinished(() => beside.close().catch(() => undefined));
  const clock = virtualClock();
  const lost = Promise.withResolvers<void>();
  const gateway = await openExternalBroker({
    url: beside.url,
    clientId: "pump-1",
    labels: nobody,
    clock,
    log: {
      ...silentLog,
      debug: (event) => {
        if (event === "broker-disconnected") lost.resolve();
      },
    },
  });
  /** Publishes what nobody will acknowledge. */
  const publish = (): void => {
    gateway.publish("stuck", Uint8Array.of(1)).catch(() => undefined);
  };
  return { beside, clock, gateway, lost: lost.promise, publish };
}

test("a gateway stops though its broker owes an acknowledgement, after giving it its time", async () => {
  const { clock, gateway, publish } = await besideSilent();
  publish();
  let closed = false;
  const closing = gateway.close().finally(() => {
    closed = true;
  });
  await clock.advance(brokerTimeoutMs - 1);
  expect(closed).toBe(false);
  await clock.advance(1);
  await closing;
});

test("a gateway stops at once when its broker is gone", async () => {
  const { beside, gateway, publish } = await besideSilent();
  await gateway.publish("heard", Uint8Array.of(1));
  await beside.close();
  publish();
  // No time passes on the gateway's clock: what waited for its timeout would not end.
  await expect(gateway.close()).resolves.toBeUndefined();
});

test("a broker that is gone says so at once: nothing waits behind what it cannot take", async () => {
  const { beside, gateway, lost } = await besideSilent();
  await beside.close();
  await lost;
  for (let turn = 0; turn < 3; turn += 1) {
    await expect(gateway.publish("heard", Uint8Array.of(1))).rejects.toMatchObject({
      code: "BROKER_UNAVAILABLE",
    });
  }
  await gateway.close();
});

test("while a broker acknowledges nothing only so many messages wait for it", async () => {
  const { clock, gateway, publish } = await besideSilent();
  for (let turn = 0; turn < brokerUnacknowledgedMax; turn += 1) publish();
  await expect(gateway.publish("stuck", Uint8Array.of(1))).rejects.toMatchObject({
    code: "BROKER_UNAVAILABLE",
  });
  const closing = gateway.close();
  await clock.advance(brokerTimeoutMs);
  await closing;
});
