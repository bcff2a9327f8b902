import { EventEmitter } from "node:events";
import { localTopics } from "@edgeloop/device-agent";
import type { MqttClient } from "mqtt";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { epochUs, packetUs, plantStream } from "../plant/plant-stream.ts";
import { predictionBook } from "../plant/prediction-book.ts";
import type { Delivery } from "./delivery-book.ts";
import type { GatewayNews } from "./gateway-watch.ts";
import { watchGateway } from "./gateway-watch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const classes = ["normal", "imbalance", "bearing", "looseness"];
const stream = plantStream(3, 0, { endUs: epochUs + 20_000_000 });
const topics = localTopics({ fleet: "plant", id: "pump-1" });

async function watched(deliveries: ReadonlyMap<number, Delivery>) {
  const subscribed: unknown[] = [];
  const client = Object.assign(new EventEmitter(), {
    subscribeAsync: (...args: readonly unknown[]) => Promise.resolve(void subscribed.push(args)),
  });
  const book = predictionBook(classes);
  const news: GatewayNews[] = [];
  let predictions = 0;
  await watchGateway({
    gateway: "pump-1",
    fleet: "plant",
    line: "pumps",
    client: client as unknown as MqttClient,
    ...{ stream, classes, book },
    sink: { delivery: (startUs) => deliveries.get(startUs) },
    training: () => 2,
    onNews: (one) => news.push(one),
    onPrediction: () => {
      predictions += 1;
    },
  });
  const say = (topic: string, message: object): void => {
    client.emit("message", topic, Buffer.from(JSON.stringify(message)));
  };
  return { book, news, say, subscribed, predictions: () => predictions };
}

const lastPacketUs = epochUs + 5 * packetUs;
const window = { startUs: lastPacketUs - packetUs, endUs: lastPacketUs + packetUs };
const [first] = stream.segments;
const prediction = { ...window, label: "bearing", model: "f00" };

test("it listens to the line's predictions and the gateway's events, each at least once", async () => {
  const { subscribed } = await watched(new Map());
  expect(subscribed).toEqual([
    [
      [
        "edgeloop/v1/plant/devices/pump-1/inference/pumps",
        "edgeloop/v1/plant/devices/pump-1/events",
      ],
      { qos: 1 },
    ],
  ]);
});

test("a prediction stands in the book beside the truth, timed from its window's last packet", async () => {
  vi.advanceTimersByTime(1000);
  const deliveries = new Map([
    [lastPacketUs, { sentMs: performance.now(), queued: false }],
    [lastPacketUs - packetUs, { sentMs: 0, queued: true }],
  ]);
  const { book, say, predictions } = await watched(deliveries);
  vi.advanceTimersByTime(7);
  say(topics.inference("pumps"), prediction);
  expect(predictions()).toBe(1);
  expect(book.entries()).toEqual([
    {
      gateway: "pump-1",
      endUs: window.endUs,
      truth: classes.indexOf(first?.state ?? ""),
      predicted: 2,
      model: "f00",
      latencyMs: 7,
      queued: false,
      training: 2,
    },
  ]);
});

test.for<[string, object]>([
  ["whose samples the driver never sent", { startUs: 0, endUs: 2 * packetUs }],
  ["outside the schedule", { startUs: epochUs + 30_000_000, endUs: epochUs + 30_200_000 }],
])("a prediction %s does not count", async ([, span]) => {
  const deliveries = new Map([[epochUs + 30_100_000, { sentMs: 0, queued: false }]]);
  const { book, say, predictions } = await watched(deliveries);
  say(topics.inference("pumps"), { ...prediction, ...span });
  expect([book.entries(), predictions()]).toEqual([[], 0]);
});

test("an event's code is passed on; what is said elsewhere is not", async () => {
  const { news, book, say } = await watched(new Map());
  say(topics.events, { code: "DRIFT_DETECTED", sensorUs: 1 });
  say(topics.labels, { code: "LABEL" });
  say(topics.inference("other"), prediction);
  expect(news).toEqual([{ gateway: "pump-1", code: "DRIFT_DETECTED" }]);
  expect(book.entries()).toEqual([]);
});
