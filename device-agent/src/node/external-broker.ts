import type { Clock, Log } from "@edgeloop/core/platform";
import { EdgeloopError, messageOf } from "@edgeloop/core/platform";
import { connectAsync } from "mqtt";
import { within } from "../deadline.ts";
import { brokerTimeoutMs, brokerUnacknowledgedMax } from "../limits.ts";
import type { LabelInlet, LocalBroker } from "../local-broker.ts";

/**
 * Connects to a broker beside the gateway.
 *
 * The session is kept by the broker and labels are acknowledged after their commit, so that labels sent while the
 * gateway is down wait for it. While the broker is away a bounded number of messages waits for it, and a stop does not.
 *
 * @throws `BROKER_UNAVAILABLE` when it does not answer within `brokerTimeoutMs`.
 */
export async function openExternalBroker({
  url,
  clientId,
  labels,
  clock,
  log,
}: {
  readonly url: string;
  readonly clientId: string;
  readonly labels: LabelInlet;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<LocalBroker> {
  const client = await connectAsync(
    url,
    {
      clientId,
      clean: false,
      connectTimeout: brokerTimeoutMs,
    },
    false,
  ).catch((cause: unknown) => {
    throw new EdgeloopError("BROKER_UNAVAILABLE", `no broker answers at ${url}`, {
      details: { url },
      cause,
    });
  });
  client.on("error", (error) => log.warn("broker-error", { reason: messageOf(error) }));
  client.handleMessage = (packet, done): void => {
    if (packet.topic !== labels.topic) {
      done();
      return;
    }
    labels.take(Buffer.from(packet.payload)).then(
      () => done(),
      (error: unknown) => {
        // QoS 1 is sent again on reconnection only (MQTT-4.4.0-1).
        log.warn("label-unacknowledged", { reason: messageOf(error) });
        client.stream.destroy();
      },
    );
  };
  await client.subscribeAsync(labels.topic, { qos: 1 });
  client.on("close", () => log.debug("broker-disconnected", { url }));
  const unacknowledged = new Set<Promise<unknown>>();
  const send = async (topic: string, payload: Uint8Array): Promise<void> => {
    const sent = client.publishAsync(topic, Buffer.from(payload), { qos: 1 });
    unacknowledged.add(sent);
    try {
      await sent;
    } finally {
      unacknowledged.delete(sent);
    }
  };
  return {
    url,
    publish(topic, payload) {
      const isFull = unacknowledged.size >= brokerUnacknowledgedMax;
      const sent = isFull ? undefined : send(topic, payload);
      if (sent !== undefined && client.connected) return sent;
      // It is sent when the broker is back; nobody behind it waits for that.
      sent?.catch((error: unknown) => log.debug("broker-unsent", { reason: messageOf(error) }));
      return Promise.reject(
        new EdgeloopError("BROKER_UNAVAILABLE", `the broker at ${url} takes nothing at the moment`),
      );
    },
    async close() {
      const late = (error: unknown): void => {
        log.warn("broker-left", { unacknowledged: unacknowledged.size, reason: messageOf(error) });
      };
      if (client.connected) {
        const gone = new Promise<void>((closed) => client.once("close", () => closed()));
        const acknowledged = Promise.race([Promise.allSettled(unacknowledged), gone]);
        await within(acknowledged, brokerTimeoutMs, clock).catch(late);
      }
      // Unless it is forced, an end waits for every acknowledgement, however long the broker is away.
      const isForced = !client.connected || unacknowledged.size > 0;
      await within(client.endAsync(isForced), brokerTimeoutMs, clock).catch((error: unknown) => {
        late(error);
        client.stream.destroy();
      });
    },
  };
}
