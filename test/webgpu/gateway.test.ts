// The gateway's daemon serves on WebGPU what it serves on wasm. Skipped where Dawn finds no adapter.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseName } from "@edgeloop/core/platform";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import { probeGpu } from "../../core/src/runtime/node/webgpu-device.ts";
import { parseGatewayConfig } from "../../device-agent/src/config.ts";
import { checkGateway } from "../../device-agent/src/node/check.ts";
import { runGateway } from "../../device-agent/src/node/gateway.ts";
import type { PredictionMessage } from "../../device-agent/src/prediction.ts";
import { tinyBundle } from "../../device-agent/src/testing.ts";

const probe = await probeGpu();
const isMissing = probe.kind === "unavailable";
const why = probe.kind === "unavailable" ? `: ${probe.reason}` : "";

const packets = 24;
const packetRows = 10;
const periodUs = 10_000;

/** Ten rows of two channels, still at first, then moving. */
function packet(index: number): Buffer {
  const bytes = Buffer.alloc(8 + packetRows * 2 * 4);
  bytes.writeBigInt64LE(BigInt(index * packetRows * periodUs));
  for (let at = 0; at < packetRows * 2; at += 1) bytes.writeFloatLE(index < 10 ? 0 : 3, 8 + at * 4);
  return bytes;
}

const configOf = (backend: string, directory: string) =>
  parseGatewayConfig(
    `{format: 1, id: pump-1, fleet: plant, line: pumps, dataDirectory: ${JSON.stringify(directory)},
      broker: {embedded: {port: 0}}, http: {port: 0}, inference: {backend: ${backend}},
      sensors: [{kind: mqtt, sensor: vibration, topic: plant/vibration, rateHz: 100,
        channels: [{name: x, unit: m/s2}, {name: "y", unit: m/s2}],
        format: {kind: packed, time: {type: int64, unit: us}, type: float32}}]}`,
    "gateway.yaml",
  );

/** Runs a gateway over the same packets, and gives what it published. */
async function predictionsOn(backend: string): Promise<readonly PredictionMessage[]> {
  const directory = mkdtempSync(join(tmpdir(), "edgeloop-gpu-gateway-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const stopping = new AbortController();
  const config = configOf(backend, directory);
  const gateway = await runGateway(config, { signal: stopping.signal });
  const client = await connectAsync(gateway.brokerUrl);
  try {
    const predictions: PredictionMessage[] = [];
    client.on("message", (_topic, payload) => {
      predictions.push(JSON.parse(payload.toString()));
    });
    await client.subscribeAsync("edgeloop/v1/plant/devices/pump-1/inference/pumps", { qos: 1 });
    const { sha256 } = await tinyBundle(gateway.stores.blobs);
    const release = { line: parseName("pumps"), target: `lines/pumps/${sha256}` };
    const installed = gateway.install({ ...release, manifestSha256: sha256 });
    await expect.poll(() => gateway.health().model?.backend).toBe(backend);
    for (let index = 0; index < packets; index += 1) {
      await client.publishAsync("plant/vibration", packet(index), { qos: 1 });
    }
    await expect.poll(() => predictions.length).toBe(packets - 1);
    stopping.abort();
    await installed.catch(() => undefined);
    return predictions;
  } finally {
    stopping.abort();
    await client.endAsync(true);
    await gateway.done;
  }
}

test.skipIf(isMissing)(`a gateway on WebGPU predicts what one on wasm does${why}`, async () => {
  const [gpu, wasm] = [await predictionsOn("webgpu"), await predictionsOn("wasm")];
  expect(new Set(wasm.map(({ label }) => label))).toEqual(new Set(["still", "moving"]));
  const shown = ({ startUs, endUs, label, model }: PredictionMessage) => ({
    ...{ startUs, endUs, label, model },
  });
  expect(gpu.map(shown)).toEqual(wasm.map(shown));
});

test("gateway check says whether WebGPU is here, and how it comes", async () => {
  const { findings } = await checkGateway(configOf("webgpu", tmpdir()));
  const finding = findings.find(({ what }) => what === "backend webgpu");
  expect(finding?.state).toBe(isMissing ? "missing" : "ok");
  if (isMissing) expect(finding?.detail).toContain("npm install --ignore-scripts webgpu@0.6.2");
});
