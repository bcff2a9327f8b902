import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { Samples } from "@edgeloop/core/data";
import { silentLog, virtualClock } from "@edgeloop/core/platform";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import type { SensorConfig } from "../config.ts";
import { openAdapter } from "./adapters.ts";
import { openEmbeddedBroker } from "./embedded-broker.ts";

const declared = {
  sensor: "vibration",
  rateHz: 100,
  channels: [
    { name: "x", unit: "m/s2" },
    { name: "y", unit: "m/s2" },
  ],
};
const clock = virtualClock(5_000_000);

/** The first packet that an adapter yields. */
async function first(config: SensorConfig, brokerUrl = ""): Promise<Samples | undefined> {
  const stop = new AbortController();
  const adapter = openAdapter(config, { brokerUrl, clock });
  expect(adapter.info).toEqual(declared);
  for await (const packet of adapter.samples({ signal: stop.signal, refuse: () => undefined })) {
    stop.abort();
    return packet;
  }
  return undefined;
}

test("a sensor without a broker of its own is read on the gateway's", async () => {
  const broker = await openEmbeddedBroker({
    host: "127.0.0.1",
    port: 0,
    labels: { topic: "none", take: () => Promise.resolve() },
    awaited: ["a/b"],
    log: silentLog,
  });
  onTestFinished(() => broker.close());
  const client = await connectAsync(broker.url);
  onTestFinished(() => client.endAsync(true));
  const sent = client.publishAsync("a/b", '{"at":1,"v":[3,4]}', { qos: 1 });
  const format = { kind: "json", values: ["v[0]", "v[1]"], time: { path: "at", unit: "s" } };
  const packet = await first({ ...declared, kind: "mqtt", topic: "a/b", format }, broker.url);
  await sent;
  expect([packet?.startUs, [...(packet?.data ?? [])]]).toEqual([1_000_000, [3, 4]]);
});

test("a board that prints lines is read through a socket", async () => {
  const server = createServer((socket) => socket.end("half a li\n1,2\n3,4\n"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const path = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const format = { kind: "csv", columns: [0, 1] };
  const packet = await first({ ...declared, kind: "serial", path, baudRate: 9600, format });
  expect([...(packet?.data ?? [])]).toEqual([1, 2]);
});
