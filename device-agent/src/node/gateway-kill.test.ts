import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseName } from "@edgeloop/core/platform";
import { openFileBlobStore, openSqliteStore } from "@edgeloop/core/platform/node";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import type { PredictionMessage } from "../prediction.ts";
import { tinyBundle } from "../testing.ts";

const labelsTopic = "edgeloop/v1/plant/devices/pump-1/labels";
const inferenceTopic = "edgeloop/v1/plant/devices/pump-1/inference/pumps";
const packetUs = 100_000;

/** Runs a gateway and installs what the first line of its standard input names. */
const script = `
  import { createInterface } from "node:readline";
  import { parseGatewayConfig } from "@edgeloop/device-agent";
  import { runGateway } from "@edgeloop/device-agent/node";
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  const config = parseGatewayConfig(process.env.GATEWAY_CONFIG, "gateway.yaml");
  const gateway = await runGateway(config, { signal: stop.signal });
  console.log(gateway.brokerUrl);
  const lines = createInterface({ input: process.stdin });
  lines.once("line", async (line) => {
    lines.close();
    const installing = gateway.install(JSON.parse(line));
    while (gateway.health().model === undefined) await new Promise((next) => setImmediate(next));
    console.log("serving");
    await installing;
  });
  await gateway.done;
  lines.close();
`;

type Running = {
  readonly child: ChildProcess;
  readonly url: string;
  readonly says: () => Promise<string>;
};

async function start(dataDirectory: string): Promise<Running> {
  const config = {
    format: 1,
    id: "pump-1",
    fleet: "plant",
    line: "pumps",
    dataDirectory,
    broker: { embedded: { port: 0 } },
    http: { port: 0 },
    inference: { backend: "wasm" },
    sensors: [
      {
        kind: "mqtt",
        sensor: "vibration",
        topic: "t",
        rateHz: 100,
        channels: ["x", "y"].map((name) => ({ name, unit: "m/s2" })),
        format: { kind: "packed", time: { type: "int64", unit: "us" }, type: "float32" },
      },
    ],
  };
  const child = spawn(process.execPath, ["--conditions=@edgeloop/source", "--eval", script], {
    cwd: new URL("../..", import.meta.url),
    env: { ...process.env, NODE_OPTIONS: "", GATEWAY_CONFIG: JSON.stringify(config) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const says = async (): Promise<string> => String((await lines.next()).value);
  return { child, url: await says(), says };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), "kill-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("no acknowledged label is lost when the gateway is killed among them", async () => {
  const directory = temporary();
  const acknowledged = new Set<number>();
  for (const round of [0, 1]) {
    const { child, url } = await start(directory);
    const client = await connectAsync(url, { reconnectPeriod: 0 });
    client.on("error", () => undefined);
    let count = 0;
    const enough = Promise.withResolvers<void>();
    for (let index = round * 1000; index < round * 1000 + 300; index += 1) {
      const label = { startUs: index * 10, endUs: index * 10 + 5, label: "bearing", by: "anna" };
      const payload = JSON.stringify({ sensor: "vibration", ...label });
      client.publish(labelsTopic, payload, { qos: 1 }, (error) => {
        if (error) return;
        acknowledged.add(index * 10);
        count += 1;
        if (count === 100) enough.resolve();
      });
    }
    await enough.promise;
    await kill(child);
    await client.endAsync(true);
  }
  const store = await openSqliteStore(join(directory, "gateway.db"));
  onTestFinished(() => store.close());
  const rows = await store.query("SELECT start_us FROM label");
  const stored = new Set(rows.map((row) => row["start_us"]));
  expect(acknowledged.size).toBeGreaterThanOrEqual(200);
  expect([...acknowledged].filter((startUs) => !stored.has(startUs))).toEqual([]);
});

test("no published prediction is lost, and after a kill the same model serves again", async () => {
  const directory = temporary();
  const blobs = await openFileBlobStore(join(directory, "blobs"));
  const { sha256 } = await tinyBundle(blobs);
  const received: PredictionMessage[] = [];

  const serve = async ({ url }: Running, from: number, count: number): Promise<void> => {
    const client = await connectAsync(url, { reconnectPeriod: 0 });
    client.on("error", () => undefined);
    await client.subscribeAsync(inferenceTopic, { qos: 1 });
    const enough = new Promise<void>((resolve) => {
      const before = received.length;
      client.on("message", (_topic, payload) => {
        received.push(JSON.parse(payload.toString()));
        if (received.length - before === count) resolve();
      });
    });
    for (let index = from; index <= from + count + 40; index += 1) {
      client.publish("t", packet(index), { qos: 1 });
    }
    await enough;
    await client.endAsync(true);
  };

  const first = await start(directory);
  const release = { line: parseName("pumps"), target: "x", manifestSha256: sha256 };
  first.child.stdin?.write(`${JSON.stringify(release)}\n`);
  expect(await first.says()).toBe("serving");
  await serve(first, 0, 50);
  await kill(first.child);

  const second = await start(directory);
  await serve(second, 1000, 10);
  const exited = once(second.child, "exit");
  second.child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);

  const store = await openSqliteStore(join(directory, "gateway.db"));
  onTestFinished(() => store.close());
  const rows = await store.query("SELECT start_us, label FROM prediction WHERE model = ?", [
    sha256,
  ]);
  const stored = new Map(rows.map((row) => [row["start_us"], row["label"]]));
  expect(received.length).toBeGreaterThanOrEqual(60);
  for (const { startUs, label } of received) expect(stored.get(startUs)).toBe(label);
});

function packet(index: number): Buffer {
  const bytes = Buffer.alloc(8 + 80);
  bytes.writeBigInt64LE(BigInt(index * packetUs));
  for (let at = 0; at < 20; at += 1) bytes.writeFloatLE(index % 5, 8 + at * 4);
  return bytes;
}
