import type { Log } from "@edgeloop/core/platform";
import { EdgeloopError, messageOf } from "@edgeloop/core/platform";
import { connectAsync } from "mqtt";
import { brokerTimeoutMs } from "../limits.ts";
import type { LabelInlet, LocalBroker } from "../local-broker.ts";

/**
 * Connects to a broker beside the gateway.
 *
 * The session is kept by the broker and labels are acknowledged after their commit, so that labels sent while the
 * gateway is down wait for it.
 *
 * @throws `BROKER_UNAVAILABLE` when it does not answer within `brokerTimeoutMs`.
 */
export async function openExternalBroker({
  url,
  clientId,
  labels,
  log,
}: {
  readonly url: string;
  readonly clientId: string;
  readonly labels: LabelInlet;
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
  return {
    url,
    async publish(topic, payload) {
      await client.publishAsync(topic, Buffer.from(payload), { qos: 1 });
    },
    async close() {
      await client.endAsync();
    },
  };
}
