import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseName } from "@edgeloop/core/platform";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import type { GatewayConfig } from "../config.ts";
import { parseGatewayConfig } from "../config.ts";
import { confirmWindowsMin } from "../limits.ts";
import type { PredictionMessage } from "../prediction.ts";
import type { TinyOptions } from "../testing.ts";
import { tinyBundle } from "../testing.ts";
import type { Gateway } from "./gateway.ts";
import { runGateway } from "./gateway.ts";

const topic = "plant/pump-1/vibration";
const inferenceTopic = "edgeloop/v1/plant/devices/pump-1/inference/pumps";
const periodUs = 10_000;
const packetRows = 10;

function configIn(directory: string): GatewayConfig {
  return parseGatewayConfig(
    `{format: 1, id: pump-1, fleet: plant, line: pumps, dataDirectory: ${JSON.stringify(directory)},
      broker: {embedded: {port: 0}}, http: {port: 0}, inference: {backend: wasm},
      sensors: [{kind: mqtt, sensor: vibration, topic: ${topic}, rateHz: 100,
        channels: [{name: x, unit: m/s2}, {name: "y", unit: m/s2}],
        format: {kind: packed, time: {type: int64, unit: us}, type: float32}}]}`,
    "gateway.yaml",
  );
}

async function start(directory: string): Promise<{ gateway: Gateway; stop: () => Promise<void> }> {
  const stopping = new AbortController();
  const gateway = await runGateway(configIn(directory), { signal: stopping.signal });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await gateway.done;
  };
  onTestFinished(stop);
  return { gateway, stop };
}

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), "gateway-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A packet of ten rows of two channels, every value the same. */
function packet(index: number, value: number): Buffer {
  const bytes = Buffer.alloc(8 + packetRows * 2 * 4);
  bytes.writeBigInt64LE(BigInt(index * packetRows * periodUs));
  for (let at = 0; at < packetRows * 2; at += 1) bytes.writeFloatLE(value, 8 + at * 4);
  return bytes;
}

async function driver(gateway: Gateway) {
  const client = await connectAsync(gateway.brokerUrl);
  onTestFinished(() => client.endAsync(true));
  const predictions: PredictionMessage[] = [];
  let wake = (): void => undefined;
  client.on("message", (_topic, payload) => {
    predictions.push(JSON.parse(payload.toString()));
    wake();
  });
  await client.subscribeAsync(inferenceTopic, { qos: 1 });
  return {
    client,
    predictions,
    send: (index: number, value: number) =>
      client.publishAsync(topic, packet(index, value), { qos: 1 }),
    received: async (count: number): Promise<void> => {
      while (predictions.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function install(gateway: Gateway, options: TinyOptions = {}) {
  const { sha256 } = await tinyBundle(gateway.stores.blobs, options);
  const release = {
    line: parseName("pumps"),
    target: `lines/pumps/${sha256}`,
    manifestSha256: sha256,
  };
  return { sha256, outcome: gateway.install(release) };
}

test("packets over MQTT become published predictions, and a model is confirmed by them", async () => {
  const { gateway } = await start(temporary());
  const { predictions, received, send } = await driver(gateway);
  const { sha256, outcome } = await install(gateway);
  while (gateway.health().model === undefined) await new Promise((next) => setImmediate(next));
  const packets = confirmWindowsMin + 1;
  for (let index = 0; index < packets; index += 1) await send(index, index < 10 ? 0 : 3);
  await received(packets - 1);
  expect(await outcome).toMatchObject({ kind: "active" });
  expect(gateway.health()).toMatchObject({ status: "ok", model: { state: "confirmed" } });
  expect(predictions.map(({ startUs }) => startUs)).toEqual(
    Array.from({ length: packets - 1 }, (_, index) => index * packetRows * periodUs),
  );
  expect(predictions[0]).toMatchObject({
    sensor: "vibration",
    endUs: 200_000,
    label: "still",
    model: sha256,
  });
  expect(predictions.at(-1)?.label).toBe("moving");
  // Published means on disk.
  const rows = await gateway.stores.store.query("SELECT COUNT(*) AS n FROM prediction");
  expect(rows[0]?.["n"]).toBe(packets - 1);
});
