import { setTimeout as delay } from "node:timers/promises";
import type { Samples } from "@edgeloop/core/data";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { PredictionMessage } from "@edgeloop/device-agent";
import { localTopics } from "@edgeloop/device-agent";
import type { Problem } from "@edgeloop/models";
import type { MqttClient } from "mqtt";
import { connectAsync } from "mqtt";
import type { PredictionBook } from "../plant/prediction-book.ts";
import { demoNames } from "../settings.ts";
import type { Replay } from "./replay-schedule.ts";
import { packSamples } from "./replay-schedule.ts";

/** A sensor that replays a person's recordings to a gateway, and the truth beside what the gateway predicts. */
export type PersonSensor = {
  /** Plays packets as fast as the gateway predicts; resolves once the last window was predicted. */
  play(replay: Replay): Promise<void>;
  /**
   * Plays packets at a gentle pace until told to end: a model is confirmed by the windows that it serves, and their
   * predictions wait for nothing, so that their latency says something.
   */
  hum(replay: Replay, pace: Pace): Promise<void>;
  /** Tells the gateway what was true, and that it is complete up to there. */
  label(replay: Replay, completeUntilUs: number): Promise<void>;
  close(): Promise<void>;
};

/** How a sensor hums. */
export type Pace = {
  /** Time between two packets. */
  readonly everyMs: number;
  /** Asked before every packet. */
  readonly isOver: () => boolean;
};

/** What a sensor is connected with. */
export type PersonSensorOptions = {
  /** The gateway's own broker. */
  readonly brokerUrl: string;
  readonly gateway: string;
  readonly problem: Problem;
  readonly book: PredictionBook;
  /** Who labels: a text that must never leave the gateway. */
  readonly by: string;
  /** How many gateways train at the moment. */
  readonly training: () => number;
  readonly signal: AbortSignal;
};

/** A window whose prediction has not arrived. */
type Awaited = {
  readonly label: string | undefined;
  /** When its last sample was handed over; absent where windows wait for each other, so that latency says nothing. */
  readonly sentMs?: number;
};

/** Topic of a sensor on its gateway's own broker. */
export const sensorTopic = ({ sensor }: Problem): string => `sensors/${sensor.name}`;

/** Windows that may wait for their prediction: enough to keep the gateway busy. */
const windowsWaitingMax = 32;
/** Longest wait for a prediction. */
const stallMs = 60_000;

/** Connects to a gateway's own broker: publishes samples and labels there, and listens to predictions. */
export async function connectPersonSensor(options: PersonSensorOptions): Promise<PersonSensor> {
  const { problem, gateway, signal, book } = options;
  const { sensor } = problem;
  const topic = sensorTopic(problem);
  const client = await connectAsync(options.brokerUrl, { reconnectPeriod: 200 });
  client.on("error", () => undefined);
  const topics = localTopics({ fleet: demoNames.fleet, id: gateway });
  const waiting = new Map<number, Awaited>();
  // Apart: nobody waits for these, so that one that is lost holds nothing up.
  const hummed = new Map<number, Awaited>();
  await listen(client, topics.inference(demoNames.line), ({ endUs, label, model }) => {
    const nowMs = performance.now();
    const truth = waiting.get(endUs) ?? hummed.get(endUs);
    waiting.delete(endUs);
    hummed.delete(endUs);
    if (truth?.label === undefined) return;
    book.add({
      ...{ gateway, endUs, model, training: options.training() },
      latencyMs: nowMs - (truth.sentMs ?? nowMs),
      truth: problem.classes.indexOf(truth.label),
      predicted: problem.classes.indexOf(label),
      queued: truth.sentMs === undefined,
    });
  });
  const send = async (samples: Samples): Promise<void> => {
    await client.publishAsync(topic, Buffer.from(packSamples(samples)), { qos: 1 });
  };
  const fewer = (max: number): Promise<void> => until(() => waiting.size <= max, gateway, signal);
  return {
    async play(replay) {
      for (const { samples, windows } of replay.packets) {
        await fewer(windowsWaitingMax);
        for (const { endUs, label } of windows) waiting.set(endUs, { label });
        await send(samples);
      }
      await fewer(0);
    },
    async hum({ packets }, { everyMs, isOver }) {
      for (const { samples, windows } of packets) {
        if (isOver()) return;
        const sentMs = performance.now();
        for (const { endUs, label } of windows) hummed.set(endUs, { label, sentMs });
        await send(samples);
        await delay(everyMs, undefined, { signal });
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
