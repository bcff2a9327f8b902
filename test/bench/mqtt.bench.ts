import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { createWindower } from "@edgeloop/core/data";
import { systemClock } from "@edgeloop/core/platform/node";
import { decoderOf, parseFormat } from "@edgeloop/sensor-adapters";
import { mqttAdapter } from "@edgeloop/sensor-adapters/node";
import { connect } from "mqtt";
import {
  accelerationStep,
  epochUs,
  packetSamples,
  packetUs,
  plantStream,
} from "../../cli/src/demo/plant/plant-stream.ts";
import type { Bench } from "./bench.ts";
import { median, ratio } from "./bench.ts";
import type { SourceData } from "./mqtt-source.ts";

const packets = 20_000;
const rounds = 7;
const topic = "plant/pump-1/vibration";
const info = {
  sensor: "vibration",
  rateHz: 1000,
  channels: ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" })),
};
const spec = { rateHz: 1000, lengthSamples: 200, hopSamples: 100 };
const format = {
  kind: "packed",
  time: { type: "int64", unit: "us" },
  type: "int16",
  scale: accelerationStep,
};

export const bench: Bench = {
  name: "mqtt",
  about: `${packets} packets of ${packetSamples} samples on three axes, QoS 1: adapter and windower against a bare mqtt.js subscriber`,
  async run() {
    const [broker, stream] = [await compare("broker"), await compare("stream")];
    return [
      {
        label: "bare subscriber of the embedded broker",
        value: rate(broker.bareMs),
        unit: "per-second",
      },
      { label: "adapter and windower", value: rate(broker.windowsMs), unit: "per-second" },
      ratio("throughput to windows over bare subscriber", broker.bareMs, broker.windowsMs, {
        atLeast: 0.8,
      }),
      {
        label: "bare subscriber of a stream that costs nothing",
        value: rate(stream.bareMs),
        unit: "per-second",
      },
      { label: "adapter and windower", value: rate(stream.windowsMs), unit: "per-second" },
    ];
  },
};

const rate = (ms: number): number => (1000 * packets) / ms;

type Compared = { readonly bareMs: number; readonly windowsMs: number };

async function compare(kind: SourceData["kind"]): Promise<Compared> {
  const times = { bare: [] as number[], windows: [] as number[] };
  const { worker, url } = await startSource(kind);
  for (let round = 0; round <= rounds; round += 1) {
    const bareMs = await bare(url);
    const windowsMs = await toWindows(url);
    // The first round warms both up.
    if (round === 0) continue;
    times.bare.push(bareMs);
    times.windows.push(windowsMs);
  }
  await worker.terminate();
  return { bareMs: median(times.bare), windowsMs: median(times.windows) };
}

async function startSource(
  kind: SourceData["kind"],
): Promise<{ readonly worker: Worker; readonly url: string }> {
  const times = { changeUs: epochUs, endUs: epochUs + 1e9 };
  const payload = plantStream(1, 0, times).packet(epochUs);
  const workerData: SourceData = { kind, topic, packets, payload, packetUs };
  const worker = new Worker(new URL("./mqtt-source.ts", import.meta.url), { workerData });
  const [port] = await once(worker, "message");
  return { worker, url: `mqtt://127.0.0.1:${port}` };
}

/** Time from the first to the last packet that a subscriber sees who does nothing with them. */
async function bare(url: string): Promise<number> {
  const client = connect(url);
  const done = Promise.withResolvers<number>();
  let [count, startMs] = [0, 0];
  client.on("message", () => {
    count += 1;
    if (count === 1) startMs = performance.now();
    if (count === packets) done.resolve(performance.now() - startMs);
  });
  client.once("connect", () => void client.subscribeAsync(topic, { qos: 1 }));
  const tookMs = await done.promise;
  await client.endAsync(true);
  return tookMs;
}

/** The same, decoded, resampled and cut into windows. */
async function toWindows(url: string): Promise<number> {
  const decode = decoderOf(info, parseFormat(format, info));
  const adapter = mqttAdapter(info, { url, topic, decode, clock: systemClock });
  const windower = createWindower(info, spec);
  const stop = new AbortController();
  let [count, startMs, tookMs] = [0, 0, 0];
  const run = { signal: stop.signal, refuse: () => undefined };
  for await (const samples of adapter.samples(run)) {
    count += 1;
    if (count === 1) startMs = performance.now();
    windower.push(samples);
    if (count < packets) continue;
    tookMs = performance.now() - startMs;
    break;
  }
  stop.abort();
  const { windows } = windower.counters;
  if (windows !== packets - 1) throw new Error(`expected ${packets - 1} windows, got ${windows}`);
  return tookMs;
}
