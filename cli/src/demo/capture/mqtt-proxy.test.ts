import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { fromUtf8, utf8 } from "@edgeloop/core/platform";
import { Aedes } from "aedes";
import { connectAsync } from "mqtt";
import { expect, test } from "vitest";
import { captureLedger } from "./ledger.ts";
import { mqttProxy, packetTaker } from "./mqtt-proxy.ts";

test("a publish crosses unchanged and is attributed by its topic; the rest is control", async () => {
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const ledger = captureLedger();
  const proxy = await mqttProxy({
    gateway: "g1",
    target: () => ({ host: "127.0.0.1", port: (server.address() as AddressInfo).port }),
    classify: (topic) => (topic === "state" ? "state" : undefined),
    ledger,
  });
  const client = await connectAsync(`mqtt://127.0.0.1:${proxy.port}`);
  await client.subscribeAsync("#", { qos: 1 });
  const got = new Promise((resolve) =>
    client.on("message", (topic) => topic === "x" && resolve(topic)),
  );
  await client.publishAsync("state", "online", { qos: 1 });
  await client.publishAsync("x", "window", { qos: 1 });
  await got;
  await client.endAsync();
  await proxy.close();
  const kinds = new Set(ledger.rows().map((row) => `${row.direction} ${row.kind}`));
  expect(kinds).toEqual(
    new Set([
      "up mqtt-control",
      "down mqtt-control",
      "up state",
      "down state",
      "up raw",
      "down raw",
    ]),
  );
  expect([...ledger.contents()].map((bytes) => fromUtf8(bytes))).toContain("window");
  server.close();
  await new Promise<void>((resolve) => broker.close(resolve));
});

test("bytes that are no MQTT cross and count as raw", () => {
  const ledger = captureLedger();
  const take = packetTaker({ gateway: "g1", classify: () => "known", ledger }, "up");
  const garbage = utf8("GET / HTTP/1.1\r\n\r\n");
  expect(take(garbage)).toEqual(garbage);
  expect(take(garbage)).toEqual(garbage);
  expect(ledger.rawBytes()).toBe(36);
});

test("a packet crosses once it is whole, however it is cut, and a torn one never", () => {
  const ledger = captureLedger();
  const take = packetTaker({ gateway: "g1", classify: () => "known", ledger }, "up");
  // PINGREQ, then a PUBLISH of QoS 0 on topic "a" with the payload "b" (MQTT 3.1.1 §3.3), byte by byte.
  const bytes = [0xc0, 0x00, 0x30, 0x04, 0x00, 0x01, 0x61, 0x62];
  const crossed = bytes.map((byte) => [...take(Uint8Array.of(byte))]);
  expect(crossed).toEqual([[], bytes.slice(0, 2), [], [], [], [], [], bytes.slice(2)]);
  expect([...take(Uint8Array.of(0x30, 0x40, 0x00))]).toEqual([]);
  expect(ledger.rawBytes()).toBe(0);
  expect(ledger.rows().map(({ kind, bytes: size }) => [kind, size])).toEqual([
    ["mqtt-control", 2],
    ["known", 6],
  ]);
});
