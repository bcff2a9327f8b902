import type { PredictionMessage } from "@edgeloop/device-agent";
import { localTopics } from "@edgeloop/device-agent";
import type { MqttClient } from "mqtt";
import type { PlantStream } from "../plant/plant-stream.ts";
import { packetUs, truthOf } from "../plant/plant-stream.ts";
import type { PredictionBook } from "../plant/prediction-book.ts";
import type { PacketSink } from "./plant-player.ts";

/** What a gateway said on its own broker's events topic. */
export type GatewayNews = { readonly gateway: string; readonly code: string };

/** What watching a gateway needs. */
export type WatchOptions = {
  readonly gateway: string;
  readonly fleet: string;
  readonly line: string;
  readonly client: MqttClient;
  readonly stream: Pick<PlantStream, "segments">;
  readonly sink: Pick<PacketSink, "delivery">;
  readonly classes: readonly string[];
  readonly book: PredictionBook;
  /** How many gateways train at this moment. */
  readonly training: () => number;
  readonly onNews: (news: GatewayNews) => void;
  /** Called after each prediction. */
  readonly onPrediction: () => void;
};

/**
 * Listens on a gateway's own broker: predictions go into the book beside the truth, events are passed on.
 *
 * Windows that waited because the gateway was away, and those behind them until it has caught up, are marked.
 * A prediction's latency runs from the moment at which the packet with the window's last sample was ready to the moment
 * at which the prediction arrived here.
 */
export async function watchGateway(options: WatchOptions): Promise<void> {
  const { client, fleet, gateway, line } = options;
  const topics = localTopics({ fleet, id: gateway });
  const inference = topics.inference(line);
  const backlog = { waiting: false };
  client.on("message", (topic, payload) => {
    const arrivedMs = performance.now();
    if (topic === inference) note(options, JSON.parse(payload.toString()), { arrivedMs, backlog });
    if (topic === topics.events) {
      options.onNews({ gateway, code: String(JSON.parse(payload.toString()).code) });
    }
  });
  await client.subscribeAsync([inference, topics.events], { qos: 1 });
}

/** A gateway that was away has caught up once a window is predicted before the next one is due. */
const caughtUpMs = packetUs / 1000;

function note(
  options: WatchOptions,
  message: PredictionMessage,
  { arrivedMs, backlog }: { readonly arrivedMs: number; readonly backlog: { waiting: boolean } },
): void {
  const { book, classes, gateway, sink, stream } = options;
  const { startUs, endUs, label, model } = message;
  const truth = truthOf(stream.segments, { startUs, endUs });
  const delivery = sink.delivery(endUs - packetUs);
  if (truth === undefined || delivery === undefined) return;
  const latencyMs = arrivedMs - delivery.sentMs;
  if (delivery.queued) backlog.waiting = true;
  else if (latencyMs < caughtUpMs) backlog.waiting = false;
  book.add({
    gateway,
    endUs,
    truth: classes.indexOf(truth),
    predicted: classes.indexOf(label),
    model,
    latencyMs,
    queued: backlog.waiting,
    training: options.training(),
  });
  options.onPrediction();
}
