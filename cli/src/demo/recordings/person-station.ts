import { setTimeout as delay } from "node:timers/promises";
import type { Samples } from "@edgeloop/core/data";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { PredictionMessage } from "@edgeloop/device-agent";
import { localTopics } from "@edgeloop/device-agent";
import type { Problem } from "@edgeloop/models";
import type { MqttClient } from "mqtt";
import { connectAsync } from "mqtt";
import type { CaptureLedger } from "../capture/ledger.ts";
import type { CoordinatorMember } from "../fleet/coordinator-member.ts";
import type { GatewayMember } from "../fleet/gateway-member.ts";
import { setUpGateway } from "../fleet/gateway-member.ts";
import type { PredictionBook } from "../plant/prediction-book.ts";
import { demoNames } from "../settings.ts";
import type { Plant } from "../setup.ts";
import type { Replay } from "./replay-schedule.ts";
import { packedFormat, packSamples } from "./replay-schedule.ts";

/** A person's gateway, running, and a sensor that replays. */
export type PersonStation = {
  readonly member: GatewayMember;
  /** Plays packets as fast as the gateway predicts; resolves once the last window was predicted. */
  play(replay: Replay): Promise<void>;
  /** Plays packets at a gentle pace until told to end: a model is confirmed by the windows that it serves. */
  hum(replay: Replay, isOver: () => boolean): Promise<void>;
  /** Tells the gateway what was true, and that it is complete up to there. */
  label(replay: Replay, completeUntilUs: number): Promise<void>;
  close(): Promise<void>;
};

/** What a station is made from. */
export type PersonStationOptions = {
  readonly plant: Plant;
  readonly coordinator: Pick<CoordinatorMember, "ask">;
  readonly name: string;
  readonly problem: Problem;
  readonly book: PredictionBook;
  readonly ledger: CaptureLedger;
  readonly backend: "wasm" | "native";
  /** Who labels: a text that must never leave the gateway. */
  readonly by: string;
  readonly signal: AbortSignal;
};

/** Windows that may wait for their prediction: enough to keep the gateway busy. */
const windowsWaitingMax = 32;
/** Pace of a sensor that hums: half a second of its time every so often. */
const humMs = 150;
/** Longest wait for a prediction. */
const stallMs = 60_000;

/** Sets a gateway up and starts it; the sensor publishes on the gateway's own broker. */
export async function openPersonStation(options: PersonStationOptions): Promise<PersonStation> {
  const { problem, name, signal, book } = options;
  const { sensor } = problem;
  const topic = `sensors/${sensor.name}`;
  const member = await setUpGateway({
    ...options,
    sensor: {
      kind: "mqtt",
      sensor: sensor.name,
      rateHz: sensor.rateHz,
      channels: sensor.channels,
      topic,
      format: packedFormat,
    },
    onRequest: () => undefined,
  });
  await member.daemon.start(signal);
  const client = await connectAsync(member.brokerUrl, { reconnectPeriod: 200 });
  client.on("error", () => undefined);
  const topics = localTopics({ fleet: demoNames.fleet, id: name });
  const waiting = new Map<number, string | undefined>();
  await listen(client, topics.inference(demoNames.line), ({ endUs, label, model }) => {
    const truth = waiting.get(endUs);
    waiting.delete(endUs);
    if (truth === undefined) return;
    book.add({
      ...{ gateway: name, endUs, model, latencyMs: 0, training: 0 },
      truth: problem.classes.indexOf(truth),
      predicted: problem.classes.indexOf(label),
      // Faster than real time, windows wait for each other: their latency says nothing.
      queued: true,
    });
  });
  const send = async (samples: Samples): Promise<void> => {
    await client.publishAsync(topic, Buffer.from(packSamples(samples)), { qos: 1 });
  };
  const fewer = (max: number): Promise<void> => until(() => waiting.size <= max, name, signal);
  return {
    member,
    async play(replay) {
      for (const { samples, windows } of replay.packets) {
        await fewer(windowsWaitingMax);
        for (const { endUs, label } of windows) waiting.set(endUs, label);
        await send(samples);
      }
      await fewer(0);
    },
    async hum({ packets }, isOver) {
      for (const { samples } of packets) {
        if (isOver()) return;
        await send(samples);
        await delay(humMs, undefined, { signal });
      }
    },
    async label({ labels }, completeUntilUs) {
      const say = (message: object) =>
        client.publishAsync(topics.labels, JSON.stringify(message), { qos: 1 });
      for (const { startUs, endUs, label } of labels) {
        await say({ sensor: sensor.name, startUs, endUs, label, by: options.by });
      }
      await say({ sensor: sensor.name, completeUntilUs });
    },
    close: async () => {
      await client.endAsync(true);
      await member.daemon.kill("SIGTERM");
      await member.close();
    },
  };
}

async function listen(
  client: MqttClient,
  topic: string,
  take: (message: PredictionMessage) => void,
): Promise<void> {
  client.on("message", (_topic, payload) => take(JSON.parse(payload.toString())));
  await client.subscribeAsync(topic, { qos: 1 });
}

/** Waits for predictions to arrive. @throws `REPLAY_STALLED` */
async function until(check: () => boolean, name: string, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + stallMs;
  while (!check()) {
    if (performance.now() > untilMs) {
      throw new EdgeloopError("REPLAY_STALLED", `${name} stopped predicting: see its log`);
    }
    await delay(5, undefined, { signal });
  }
}
