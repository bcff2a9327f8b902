import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Samples } from "@edgeloop/core/data";
import type { Store } from "@edgeloop/core/platform";
import { EdgeloopError, parseName } from "@edgeloop/core/platform";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import { parseGatewayConfig, sensorInfo } from "../config.ts";
import { tinyBundle } from "../testing.ts";
import { adapterOpeners } from "./adapters.ts";
import { runGateway } from "./gateway.ts";

const base = "edgeloop/v1/plant/devices/pump-1";

/** A gateway whose disk fills and frees at a word, and whose sensor yields what the test pushes. */
async function setUp() {
  const directory = mkdtempSync(join(tmpdir(), "wiring-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const inner = memoryStore();
  const disk = { full: false };
  const store: Store = {
    ...inner,
    commit: (statements) =>
      disk.full
        ? Promise.reject(new EdgeloopError("STORE_FULL", "told to be full"))
        : inner.commit(statements),
  };
  const blobs = memoryBlobStore();
  const config = parseGatewayConfig(
    `{format: 1, id: pump-1, fleet: plant, line: pumps, dataDirectory: ${JSON.stringify(directory)},
      broker: {embedded: {port: 0}}, http: {port: 0}, inference: {backend: wasm},
      sensors: [{kind: replay, sensor: vibration, rateHz: 100, recording: r,
        channels: [{name: x, unit: m/s2}, {name: "y", unit: m/s2}]}]}`,
    "gateway.yaml",
  );
  const packets: Samples[] = [];
  let wake = (): void => undefined;
  const stop = new AbortController();
  const gateway = await runGateway(config, {
    signal: stop.signal,
    stores: { store, blobs },
    openers: {
      ...adapterOpeners,
      replay: (sensor) => ({
        info: sensorInfo(sensor),
        async *samples({ signal }) {
          signal.addEventListener("abort", () => wake());
          while (!signal.aborted) {
            const next = packets.shift();
            if (next !== undefined) yield next;
            else await new Promise<void>((resolve) => (wake = resolve));
          }
        },
      }),
    },
  });
  onTestFinished(async () => {
    stop.abort();
    await gateway.done;
  });
  const { sha256 } = await tinyBundle(blobs);
  const release = { line: parseName("pumps"), target: "x", manifestSha256: sha256 };
  void gateway.install(release);
  while (gateway.health().model === undefined) await new Promise((next) => setImmediate(next));
  const client = await connectAsync(gateway.brokerUrl, { reconnectPeriod: 20 });
  onTestFinished(() => client.endAsync(true));
  const events: string[] = [];
  let predictions = 0;
  let heard = (): void => undefined;
  client.on("message", (topic, payload) => {
    if (topic === `${base}/events`) events.push(JSON.parse(payload.toString()).code);
    else predictions += 1;
    heard();
  });
  await client.subscribeAsync([`${base}/events`, `${base}/inference/pumps`], { qos: 1 });
  const until = async (met: () => boolean): Promise<void> => {
    while (!met()) await new Promise<void>((resolve) => (heard = resolve));
  };
  let sent = 0;
  /** Sends packets that complete `count` further windows, and waits for their predictions. */
  const windows = async (count: number): Promise<void> => {
    const target = predictions + count;
    const more = sent === 0 ? count + 1 : count;
    for (let index = 0; index < more; index += 1, sent += 1) {
      const data = new Float32Array(20).fill(1);
      packets.push({ sensor: "vibration", startUs: sent * 100_000, periodUs: 10_000, data });
    }
    wake();
    await until(() => predictions === target);
  };
  return { client, disk, events, gateway, until, windows };
}

test("on a full disk inference goes on, learning pauses, labels wait, and an event says so", async () => {
  const { client, disk, events, gateway, until, windows } = await setUp();
  await windows(5);
  expect(gateway.health()).toMatchObject({ diskFull: false, storedWindows: 5, sensorUs: 600_000 });

  disk.full = true;
  await windows(5);
  await until(() => events.includes("DISK_FULL"));
  expect(gateway.health()).toMatchObject({ status: "degraded", diskFull: true, sensorUs: 600_000 });
  // One window met the disk when it filled; the four after it were not even offered.
  expect(gateway.health().storedWindows).toBeLessThanOrEqual(6);

  let acknowledged = false;
  const label = { sensor: "vibration", startUs: 0, endUs: 1000, label: "still", by: "anna" };
  const labelled = client
    .publishAsync(`${base}/labels`, JSON.stringify(label), { qos: 1 })
    .then(() => {
      acknowledged = true;
    });
  await windows(1);
  expect(acknowledged).toBe(false);
  disk.full = false;
  await labelled;
  const rows = await gateway.stores.store.query("SELECT label FROM label");
  expect(rows).toEqual([{ label: "still" }]);
});

test("metrics and health are served beside the stream", async () => {
  const { gateway, windows } = await setUp();
  await windows(3);
  const text = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
  expect(text).toContain('edgeloop_predictions_total{sensor=""} 3\n');
  expect(text).toContain('edgeloop_windows_total{sensor="vibration"} 3\n');
  expect(text).toMatch(/edgeloop_window_to_publish_seconds_count 3\n/);
  const health = await (await fetch(`${gateway.httpUrl}/healthz`)).json();
  expect(health).toEqual(JSON.parse(JSON.stringify(gateway.health())));
});
