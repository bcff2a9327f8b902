import type { MqttClient } from "mqtt";
import type { PlantStream } from "../plant/plant-stream.ts";
import { labelOfWindow, packetUs } from "../plant/plant-stream.ts";
import type { Delivery } from "./delivery-book.ts";
import type { OutgoingPacket } from "./sensor-publisher.ts";

/** Where a sensor's packets go. */
export type PacketSink = {
  publish(packet: OutgoingPacket): void;
  delivery(startUs: number): Delivery | undefined;
};

/** One machine that is played to one gateway. */
export type Played = {
  readonly gateway: string;
  readonly stream: PlantStream;
  readonly sink: PacketSink;
  /** Connection to the gateway's own broker, for labels. */
  readonly client: MqttClient;
  readonly labelsTopic: string;
};

/** How labels come: some windows, some time later. */
export type LabelOptions = {
  readonly seed: number;
  readonly share: number;
  /** Seconds of sensor time between a window and its label. */
  readonly lateS: number;
  readonly windowUs: number;
  /** Labels are given for windows that start from here on; asked each time. */
  readonly fromUs: () => number;
};

/** Plays all machines on one schedule. */
export type PlantPlayer = {
  /** Sensor time now. */
  readonly nowUs: () => number;
  stop(): void;
};

/** Seconds of sensor time between two watermarks of the labels. */
const watermarkEveryUs = 1_000_000;

/**
 * Plays machines: each packet is handed over when its last sample is due.
 *
 * Sensors of different machines are not in step: their packets are spread over the length of one, as clocks that were
 * never set together would have it.
 *
 * @param speed Sensor time over wall time.
 */
export function playPlant(
  machines: readonly Played[],
  schedule: { readonly startUs: number; readonly endUs: number; readonly speed: number },
  labels: LabelOptions,
): PlantPlayer {
  const startMs = performance.now();
  const nowUs = (): number =>
    schedule.startUs + (performance.now() - startMs) * 1000 * schedule.speed;
  const stops = machines.map((machine, index) => {
    const lateUs = (index * packetUs) / machines.length;
    let nextUs = schedule.startUs;
    let timer: NodeJS.Timeout | undefined;
    const turn = (): void => {
      while (nextUs + packetUs + lateUs <= nowUs() && nextUs < schedule.endUs) {
        machine.sink.publish({ startUs: nextUs, bytes: machine.stream.packet(nextUs) });
        giveLabels(machine, nextUs, labels);
        nextUs += packetUs;
      }
      if (nextUs >= schedule.endUs) return;
      const waitMs = (nextUs + packetUs + lateUs - nowUs()) / 1000 / schedule.speed;
      timer = setTimeout(turn, Math.max(1, waitMs));
    };
    turn();
    return () => clearTimeout(timer);
  });
  return {
    nowUs,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

/** Publishes what is known, late, of the window that started so long ago, and how far labels are complete. */
function giveLabels(
  { client, labelsTopic, stream }: Played,
  atUs: number,
  how: LabelOptions,
): void {
  const startUs = atUs - how.lateS * 1e6;
  const say = (message: object): void => {
    client.publish(labelsTopic, JSON.stringify(message), { qos: 1 }, () => undefined);
  };
  if (startUs < how.fromUs()) return;
  const window = { startUs, endUs: startUs + how.windowUs };
  const label = labelOfWindow(stream.segments, window, how);
  if (label) say({ sensor: stream.sensor, ...label });
  if (startUs % watermarkEveryUs === 0) say({ sensor: stream.sensor, completeUntilUs: startUs });
}
