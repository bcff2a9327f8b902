import { jsonLog } from "@edgeloop/core/platform/node";
import { readGatewayConfig, runGateway } from "@edgeloop/device-agent/node";
import type { Run } from "../command.ts";

/**
 * Runs a gateway until it is told to stop; what it does goes to standard error, an object a line.
 *
 * @throws `CONFIG_INVALID`, `CONFIG_PLAINTEXT_REFUSED`, `BROKER_UNAVAILABLE`, `HTTP_UNAVAILABLE`
 */
export const run: Run = async ({ signal, say }, [file = ""]) => {
  const config = await readGatewayConfig(file);
  const log = jsonLog(process.stderr);
  const gateway = await runGateway(config, { signal, log });
  say(`gateway ${config.id}: broker ${gateway.brokerUrl}, health ${gateway.httpUrl}/healthz`);
  await gateway.done;
  return { format: 1, id: config.id };
};
