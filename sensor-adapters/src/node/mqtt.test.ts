import { on } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { createServer } from "node:net";
import type { Refusal, Samples } from "@edgeloop/core/data";
import { virtualClock } from "@edgeloop/core/platform";
import { adapterContract } from "@edgeloop/core/testing";
import { Aedes } from "aedes";
import { connectAsync } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decoderOf, parseFormat } from "../decode/format.ts";
import { mqttAdapter } from "./mqtt.ts";

const info = { sensor: "s", rateHz: 100, channels: [{ name: "x", unit: "V" }] };
const decode = decoderOf(info, parseFormat({ kind: "json", values: ["v"] }, info));
const time = { path: "t", unit: "us" };
const decodeTimed = decoderOf(info, parseFormat({ kind: "json", values: ["v"], time }, info));
let broker: Aedes;
let server: Server;
let url: string;

beforeEach(async () => {
  broker = await Aedes.createBroker();
  server = createServer(broker.handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise<void>((resolve) => broker.close(resolve));
  server.close();
});

adapterContract("mqtt", async () => {
  const subscriptions = on(broker, "subscribe");
  const sender = await connectAsync(url);
  let sent = 0;
  const send = async (payload: string): Promise<void> => {
    await sender.publishAsync("s", payload, { qos: 1 });
  };
  return {
    adapter: mqttAdapter(info, { url, topic: "s", decode: decodeTimed, clock: virtualClock() }),
    source: {
      listening: async () => void (await subscriptions.next()),
      good: () => {
        sent += 1;
        return send(JSON.stringify({ t: sent * 10_000, v: sent }));
      },
      bad: () => send("broken"),
    },
    close: () => sender.endAsync(),
  };
});

test("payloads arrive in order, bad ones are refused with a code and the stream goes on", async () => {
  const stop = new AbortController();
  const refused: Refusal[] = [];
  const got: number[] = [];
  const adapter = mqttAdapter(info, { url, topic: "plant/+/s", decode, clock: virtualClock(1e6) });
  const subscribed = new Promise<void>((resolve) => broker.once("subscribe", () => resolve()));
  const reading = (async () => {
    for await (const samples of adapter.samples({
      signal: stop.signal,
      refuse: (r) => refused.push(r),
    })) {
      got.push(samples.data[0] ?? Number.NaN);
      if (got.length === 3) stop.abort();
    }
  })();
  await subscribed;
  const sender = await connectAsync(url);
  for (const payload of ['{"v":1}', "broken", '{"v":2}', '{"w":9}', '{"v":3}']) {
    await sender.publishAsync("plant/a/s", payload, { qos: 1 });
  }
  await reading;
  await sender.endAsync();
  expect(got).toEqual([1, 2, 3]);
  expect(refused.map((refusal) => refusal.code)).toEqual(["PAYLOAD_MALFORMED", "PAYLOAD_CHANNELS"]);
  expect(refused[0]?.payload).toEqual(new TextEncoder().encode("broken"));
});

test("a message is acknowledged only once the consumer asks for the next", async () => {
  const stop = new AbortController();
  const adapter = mqttAdapter(info, { url, topic: "s", decode, clock: virtualClock() });
  const iterator = adapter
    .samples({ signal: stop.signal, refuse: () => undefined })
    [Symbol.asyncIterator]();
  const first = iterator.next() as Promise<IteratorResult<Samples>>;
  await new Promise<void>((resolve) => broker.once("subscribe", () => resolve()));
  let acknowledged = 0;
  broker.on("ack", () => {
    acknowledged += 1;
  });
  const sender = await connectAsync(url);
  for (const v of [1, 2]) await sender.publishAsync("s", JSON.stringify({ v }), { qos: 1 });
  expect((await first).value.data[0]).toBe(1);
  expect(acknowledged).toBe(0);
  expect((await iterator.next()).value.data[0]).toBe(2);
  await expect.poll(() => acknowledged).toBe(1);
  stop.abort();
  await iterator.return?.(undefined);
  await sender.endAsync();
});

test("a broker that starts later than its reader is found, and a subscription outlives its restart", async () => {
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  const refused: Refusal[] = [];
  const restart = async (): Promise<void> => {
    await new Promise<void>((resolve) => broker.close(resolve));
    await new Promise((resolve) => server.close(resolve));
    broker = await Aedes.createBroker();
    server = createServer(broker.handle);
  };
  await restart();
  const client = { reconnectPeriod: 20 };
  const adapter = mqttAdapter(info, { url, topic: "s", decode, clock: virtualClock(), client });
  const iterator = adapter
    .samples({ signal: stop.signal, refuse: (refusal) => refused.push(refusal) })
    [Symbol.asyncIterator]();
  for (const v of [1, 2]) {
    const next = iterator.next();
    await expect.poll(() => refused.length).toBeGreaterThan(0);
    const subscribed = new Promise<void>((resolve) => broker.once("subscribe", () => resolve()));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await subscribed;
    broker.publish(
      {
        cmd: "publish",
        topic: "s",
        payload: JSON.stringify({ v }),
        qos: 1,
        dup: false,
        retain: false,
      },
      () => undefined,
    );
    expect((await next).value.data[0]).toBe(v);
    refused.length = 0;
    if (v === 1) await restart();
  }
  expect(refused.every(({ code }) => code === "MQTT_CONNECTION_FAILED")).toBe(true);
  stop.abort();
  await iterator.return?.(undefined);
});

test("a subscription that the broker refuses ends the stream with a code", async () => {
  broker.authorizeSubscribe = (_client, _subscription, answer) => answer(null, null);
  const adapter = mqttAdapter(info, { url, topic: "s", decode, clock: virtualClock() });
  const run = { signal: new AbortController().signal, refuse: () => undefined };
  await expect(Array.fromAsync(adapter.samples(run))).rejects.toMatchObject({
    code: "MQTT_SUBSCRIBE_FAILED",
  });
});

test("aborting ends a stream that never connected", async () => {
  const stop = new AbortController();
  const adapter = mqttAdapter(info, {
    url: "mqtt://127.0.0.1:1",
    topic: "s",
    decode,
    clock: virtualClock(),
  });
  const next = adapter
    .samples({ signal: stop.signal, refuse: () => undefined })
    [Symbol.asyncIterator]()
    .next();
  stop.abort();
  expect((await next).done).toBe(true);
});

test("a plain connection to anything but this machine is refused", () => {
  const make = (target: string) => () =>
    mqttAdapter(info, { url: target, topic: "s", decode, clock: virtualClock() });
  expect(make("mqtt://broker.example:1883")).toThrow(
    expect.objectContaining({ code: "MQTT_PLAINTEXT_REFUSED" }),
  );
  expect(make("mqtts://broker.example:8883")).not.toThrow();
  expect(make("mqtt://localhost")).not.toThrow();
});
