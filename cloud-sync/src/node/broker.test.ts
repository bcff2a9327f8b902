import { once } from "node:events";
import type { Socket } from "node:net";
import { createConnection } from "node:net";
import type { Name } from "@edgeloop/core/platform";
import { EdgeloopError, parseName, silentLog } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import type { IClientOptions, MqttClient } from "mqtt";
import { connectAsync } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mintJwt } from "../jwt.ts";
import type { SigningKey } from "../keys.ts";
import { generateKey } from "../keys.ts";
import { deviceTopic } from "../topics.ts";
import type { Broker } from "./broker.ts";
import { openBroker } from "./broker.ts";

const fleet = parseName("plant");
const [a, b] = [parseName("pump-a"), parseName("pump-b")] as const;
let keys: ReadonlyMap<Name, SigningKey>;
let broker: Broker;
let clients: MqttClient[];
let commit: () => Promise<void>;
const events: string[] = [];
const refusals: string[] = [];

beforeEach(async () => {
  keys = new Map([
    [a, await generateKey()],
    [b, await generateKey()],
  ]);
  clients = [];
  events.length = 0;
  refusals.length = 0;
  commit = () => Promise.resolve();
  broker = await openBroker({
    connectionsMax: 3,
    fleet,
    listen: { host: "127.0.0.1", port: 0 },
    clock: systemClock,
    log: silentLog,
    keyOf: (device) => Promise.resolve(keys.get(device)),
    onEvent: async (device, envelope) => {
      await commit();
      events.push(`${device}:${envelope.length}`);
    },
    onPresence: () => undefined,
    onRefusal: (code) => refusals.push(code),
  });
});
afterEach(async () => {
  await Promise.all(clients.map((each) => each.endAsync(true)));
  await broker.close();
});

async function client(device: Name, changes: IClientOptions = {}, as = device) {
  const key = keys.get(as);
  if (key === undefined) throw new Error("no key");
  const audience = "edgeloop/plant";
  const connected = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
    clientId: device,
    username: device,
    password: await mintJwt({ key, device: as, audience, clock: systemClock }),
    reconnectPeriod: 0,
    ...changes,
  });
  clients.push(connected);
  return connected;
}

const closeOf = (device: MqttClient): Promise<void> =>
  new Promise((resolve) => device.once("close", () => resolve()));

test("a device with its own token connects, and a bell reaches it alone", async () => {
  const [first, second] = [await client(a), await client(b)];
  expect(broker.connected()).toEqual([a, b]);
  const heard: string[] = [];
  for (const [device, each] of [
    [a, first],
    [b, second],
  ] as const) {
    await each.subscribeAsync(deviceTopic(fleet, device, "bell"), { qos: 1 });
    each.on("message", (topic, payload) => heard.push(`${topic} ${payload}`));
  }
  const got = new Promise((resolve) => first.once("message", resolve));
  broker.ring(a, { kind: "offer", id: parseName("c1-r1") });
  await got;
  expect(heard).toEqual(['edgeloop/v1/plant/devices/pump-a/bell {"kind":"offer","id":"c1-r1"}']);
});

test.for<[string, (device: Name) => Promise<unknown>]>([
  ["no password", (device) => client(device, { password: "" })],
  ["another device's token", (device) => client(device, {}, b)],
  ["another client id", (device) => client(device, { clientId: b })],
  ["an unknown name", (device) => client(device, { username: "stranger", clientId: "stranger" })],
])("a connection with %s is refused", async ([, connect]) => {
  await expect(connect(a)).rejects.toThrow(/Not authorized/i);
  expect(broker.connected()).toEqual([]);
  expect(refusals).toHaveLength(1);
});

test("an event is acknowledged after it was committed, and not when that fails", async () => {
  const device = await client(a);
  const topic = deviceTopic(fleet, a, "events");
  const order: string[] = [];
  commit = async () => {
    await Promise.resolve();
    order.push("committed");
  };
  await device.publishAsync(topic, Buffer.from("envelope"), { qos: 1 });
  order.push("acknowledged");
  expect(order).toEqual(["committed", "acknowledged"]);
  expect(events).toEqual(["pump-a:8"]);
  commit = () => Promise.reject(new EdgeloopError("STORE_FULL", "full"));
  const closed = closeOf(device);
  device.publish(topic, Buffer.from("lost"), { qos: 1 });
  await closed;
  expect(events).toEqual(["pump-a:8"]);
  expect(refusals).toContain("STORE_FULL");
});

test("an event that will never do is counted and acknowledged, and does not stop those behind it", async () => {
  const device = await client(a);
  const topic = deviceTopic(fleet, a, "events");
  const codes = ["SENSOR_TIME_AHEAD", "MESSAGE_INVALID", "ENVELOPE_KIND_WRONG"];
  for (const code of codes) {
    commit = () => Promise.reject(new EdgeloopError(code, "refused"));
    await device.publishAsync(topic, Buffer.from("wrong"), { qos: 1 });
  }
  expect([events, refusals]).toEqual([[], codes]);
  commit = () => Promise.resolve();
  await device.publishAsync(topic, Buffer.from("right"), { qos: 1 });
  expect(events).toEqual(["pump-a:5"]);
});

test.for([
  deviceTopic(fleet, b, "events"),
  deviceTopic(fleet, a, "bell"),
  "edgeloop/v1/plant/devices",
])("publishing to %s cuts the device off", async (topic) => {
  const device = await client(a);
  const closed = closeOf(device);
  device.publish(topic, "x", { qos: 1 });
  await closed;
  expect(refusals).toEqual(["TOPIC_FORBIDDEN"]);
});

test("subscriptions outside the own id are not granted", async () => {
  const device = await client(a);
  for (const filter of ["#", deviceTopic(fleet, b, "bell"), "edgeloop/v1/plant/devices/+/bell"]) {
    await expect(device.subscribeAsync(filter, { qos: 1 })).rejects.toThrow();
  }
  expect(refusals).toEqual(["TOPIC_FORBIDDEN", "TOPIC_FORBIDDEN", "TOPIC_FORBIDDEN"]);
});

test("an event that is too long is refused before it is read", async () => {
  const device = await client(a);
  const closed = closeOf(device);
  device.publish(deviceTopic(fleet, a, "events"), Buffer.alloc(100_000), { qos: 1 });
  await closed;
  expect([events, refusals]).toEqual([[], ["EVENT_TOO_LARGE"]]);
});

/** Connects without being anybody. */
async function stranger(): Promise<Socket> {
  const socket = createConnection(broker.port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

test("a packet that says it is too long cuts the connection off before it is sent", async () => {
  const socket = await stranger();
  // CONNECT, 268 435 455 bytes.
  socket.write(Uint8Array.of(0x10, 0xff, 0xff, 0xff, 0x7f));
  await once(socket, "close");
  expect(refusals).toEqual(["MQTT_PACKET_TOO_LARGE"]);
  const device = await client(a);
  const closed = closeOf(device);
  device.publish(deviceTopic(fleet, a, "events"), Buffer.alloc(200_000), { qos: 1 });
  await closed;
  expect([events, refusals.slice(1)]).toEqual([[], ["MQTT_PACKET_TOO_LARGE"]]);
});

test("no more connections than the limit are taken", async () => {
  const sockets = [await stranger(), await stranger(), await stranger()];
  const last = await stranger();
  await once(last, "close");
  expect(refusals).toEqual(["MQTT_CONNECTIONS_EXCEEDED"]);
  for (const socket of sockets) socket.destroy();
});

test("a dropped device is off, and plain text off loopback is refused", async () => {
  const device = await client(a);
  const closed = closeOf(device);
  broker.drop(a);
  await closed;
  const open = openBroker({
    fleet,
    listen: { host: "0.0.0.0", port: 0 },
    clock: systemClock,
    log: silentLog,
    keyOf: () => Promise.resolve(undefined),
    onEvent: () => Promise.resolve(),
    onPresence: () => undefined,
    onRefusal: () => undefined,
  });
  await expect(open).rejects.toMatchObject({ code: "CONNECTION_INSECURE" });
});
