import type { MqttClient } from "mqtt";
import { connect } from "mqtt";
import type { Delivery } from "./delivery-book.ts";
import { deliveryBook } from "./delivery-book.ts";

/** Packets that may wait for a gateway that is away: two minutes at ten a second. */
export const packetsWaitingMax = 1200;

/** A packet on its way to one gateway. */
export type OutgoingPacket = {
  /** Sensor time of the first sample. */
  readonly startUs: number;
  readonly bytes: Uint8Array;
};

/** Publishes one sensor's packets in order, QoS 1, and keeps what a dead gateway did not acknowledge. */
export type SensorPublisher = {
  publish(packet: OutgoingPacket): void;
  /** How the packet that starts at this sensor time was delivered. */
  delivery(startUs: number): Delivery | undefined;
  readonly waiting: () => number;
  /** Packets that were dropped because too many waited. */
  readonly dropped: () => number;
  readonly client: MqttClient;
  close(): Promise<void>;
};

/**
 * Connects to a gateway's local broker.
 *
 * A packet is delivered when it was acknowledged; without an acknowledgement it is sent again after the gateway is back,
 * so the gateway may see it twice and drops the second.
 */
export function sensorPublisher(url: string, topic: string): SensorPublisher {
  const client = connect(url, { reconnectPeriod: 200, clean: true, queueQoSZero: false });
  client.on("error", () => undefined);
  const waiting: OutgoingPacket[] = [];
  const deliveries = deliveryBook();
  let busy = false;
  let dropped = 0;
  const pump = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    while (client.connected && waiting.length > 0) {
      const packet = waiting[0];
      if (!packet) break;
      const arrived = await acknowledged(client, topic, packet.bytes);
      if (!arrived) {
        for (const held of waiting) deliveries.delay(held.startUs);
        break;
      }
      waiting.shift();
    }
    busy = false;
  };
  client.on("connect", () => void pump());
  return {
    publish(packet) {
      waiting.push(packet);
      deliveries.sent(packet.startUs, !client.connected);
      if (waiting.length > packetsWaitingMax) {
        waiting.shift();
        dropped += 1;
      }
      void pump();
    },
    delivery: (startUs) => deliveries.of(startUs),
    waiting: () => waiting.length,
    dropped: () => dropped,
    client,
    close: async () => {
      await client.endAsync(true);
    },
  };
}

/** Publishes and waits for the PUBACK or the end of the connection, whichever comes first. */
function acknowledged(client: MqttClient, topic: string, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const lost = (): void => resolve(false);
    client.once("close", lost);
    client.publish(topic, Buffer.from(bytes), { qos: 1 }, (error) => {
      client.off("close", lost);
      resolve(!error);
    });
  });
}
