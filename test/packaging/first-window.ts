// One gateway's first window, on installed packages: a daemon, a sensor's packets over MQTT, a published prediction.
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { openFileBlobStore } from "@edgeloop/core/platform/node";
import { tinyBundle } from "@edgeloop/device-agent/testing";
import { connect } from "mqtt";
import { freePort } from "../../cli/src/demo/fleet/free-port.ts";
import { slotFile } from "../../device-agent/src/node/slot-file.ts";

/** What came out of a gateway that saw its first window. */
export type FirstWindow = {
  readonly prediction: { readonly label: string; readonly endUs: number };
  /** The bundle that was installed beforehand. */
  readonly bundle: string;
  /** From the start of the process to the prediction. */
  readonly elapsedMs: number;
  /** Exit status after SIGTERM. */
  readonly status: number | null;
};

const sensorTopic = "plant/pump-1/vibration";
const rowsPerPacket = 10;

/**
 * Starts a gateway that has a bundle, publishes the packets of one window, and stops it at the first prediction.
 *
 * @param command The installed command line, such as `["node", "edgeloop"]`.
 * @param directory An empty folder for the gateway.
 */
export async function firstWindow(
  command: readonly string[],
  directory: string,
  signal: AbortSignal,
): Promise<FirstWindow> {
  const port = await freePort();
  const bundle = await installBundle(join(directory, "data"));
  writeFileSync(join(directory, "gateway.yaml"), gatewayYaml(port));
  const startMs = performance.now();
  const [file = "", ...args] = [...command, "gateway", "run", "gateway.yaml"];
  const daemon = spawn(file, args, { cwd: directory, signal, stdio: ["ignore", "pipe", "pipe"] });
  const said = Promise.all([text(daemon.stdout), text(daemon.stderr)]);
  const exited = once(daemon, "exit").then(([status]): number | null => status);
  const ended = exited.then(async (status) => {
    throw new Error(`the gateway ended with ${status}:\n${(await said).join("\n")}`);
  });
  try {
    const prediction = await Promise.race([sendWindow(port), ended]);
    const elapsedMs = performance.now() - startMs;
    daemon.kill("SIGTERM");
    return { prediction, bundle, elapsedMs, status: await exited };
  } finally {
    stopped(daemon);
  }
}

function stopped(daemon: ChildProcess): void {
  if (daemon.exitCode === null) daemon.kill("SIGKILL");
}

/** Puts a bundle where an installation would leave it; how bundles get there is proved elsewhere. */
async function installBundle(data: string): Promise<string> {
  mkdirSync(data, { recursive: true });
  const { sha256 } = await tinyBundle(await openFileBlobStore(join(data, "blobs")));
  const serving = { kind: "confirmed", manifest: sha256 } as const;
  await slotFile(join(data, "slots.json")).write({ format: 1, serving, failed: [] });
  return sha256;
}

const gatewayYaml = (port: number): string => `
format: 1
id: pump-1
fleet: plant
line: pumps
dataDirectory: data
broker: { embedded: { port: ${port} } }
http: { port: 0 }
inference: { backend: wasm }
sensors:
  - kind: mqtt
    sensor: vibration
    topic: ${sensorTopic}
    rateHz: 100
    channels: [{ name: x, unit: m/s2 }, { name: "y", unit: m/s2 }]
    format: { kind: packed, time: { type: int64, unit: us }, type: float32 }
`;

async function sendWindow(port: number): Promise<FirstWindow["prediction"]> {
  const client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 50 });
  // Refused until the daemon listens; should it never, the race with its end decides.
  client.on("error", () => undefined);
  try {
    await new Promise<void>((resolve) => client.once("connect", () => resolve()));
    const received = new Promise<Buffer>((resolve) => {
      client.once("message", (_topic, payload) => resolve(payload));
    });
    await client.subscribeAsync("edgeloop/v1/plant/devices/pump-1/inference/pumps", { qos: 1 });
    for (const index of [0, 1]) {
      await client.publishAsync(sensorTopic, packet(index), { qos: 1 });
    }
    return JSON.parse((await received).toString());
  } finally {
    await client.endAsync(true);
  }
}

/** Ten rows of two channels at 100 Hz, every value 3: what the bundle calls `moving`. */
function packet(index: number): Buffer {
  const bytes = Buffer.alloc(8 + rowsPerPacket * 2 * 4);
  bytes.writeBigInt64LE(BigInt(index * rowsPerPacket * 10_000));
  for (let at = 8; at < bytes.length; at += 4) bytes.writeFloatLE(3, at);
  return bytes;
}
