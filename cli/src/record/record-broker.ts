import type { Log } from "@edgeloop/core/platform";
import { EdgeloopError, hasCode } from "@edgeloop/core/platform";
import type { GatewayConfig } from "@edgeloop/device-agent";
import { localTopics } from "@edgeloop/device-agent";
import { openEmbeddedBroker } from "@edgeloop/device-agent/node";
import { brokerUrlOf } from "../broker-url.ts";

/** Where the sensors of a gateway publish while something is recorded. */
export type RecordBroker = {
  readonly url: string;
  close(): Promise<void>;
};

/**
 * Finds the broker of a gateway: the one that runs, or, when the gateway does not run, one in its place.
 *
 * @throws `BROKER_PORT_UNKNOWN`, `BROKER_UNAVAILABLE` when the port cannot be had for another reason than being taken.
 */
export async function recordBroker(gateway: GatewayConfig, log: Log): Promise<RecordBroker> {
  const url = brokerUrlOf(gateway);
  const running = { url, close: () => Promise.resolve() };
  if ("url" in gateway.broker) return running;
  try {
    const labels = {
      topic: localTopics(gateway).labels,
      take: () => Promise.reject(noLabels(gateway)),
    };
    return await openEmbeddedBroker({ ...gateway.broker.embedded, labels, log });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (hasCode(error, "BROKER_UNAVAILABLE") && hasCode(cause, "EADDRINUSE")) return running;
    throw error;
  }
}

// Unacknowledged, so that its sender keeps it for the gateway.
const noLabels = ({ id }: GatewayConfig): EdgeloopError =>
  new EdgeloopError(
    "LABELS_NOT_TAKEN",
    `gateway ${id} does not run: only its sensors are recorded`,
  );
