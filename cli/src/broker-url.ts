import { EdgeloopError } from "@edgeloop/core/platform";
import type { GatewayConfig } from "@edgeloop/device-agent";

/**
 * Finds a gateway's local broker from outside the gateway.
 *
 * @throws `BROKER_PORT_UNKNOWN` when the broker takes any free port.
 */
export function brokerUrlOf({ broker, id }: GatewayConfig): string {
  if ("url" in broker) return broker.url;
  const { host, port } = broker.embedded;
  if (port > 0) return `mqtt://${host}:${port}`;
  throw new EdgeloopError(
    "BROKER_PORT_UNKNOWN",
    `gateway ${id} takes any free port for its broker: give broker.embedded.port in gateway.yaml, or name it with --broker`,
  );
}
