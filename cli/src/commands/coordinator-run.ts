import { readCoordinatorConfig, runCoordinator } from "@edgeloop/cloud-sync/node";
import { jsonLog } from "@edgeloop/core/platform/node";
import type { Run } from "../command.ts";

/**
 * Runs a coordinator until it is told to stop; what it does goes to standard error, an object a line.
 *
 * @throws `CONFIG_INVALID`, `CONNECTION_INSECURE`, `KEY_FILE_MISSING`, `REGISTRY_DAMAGED`
 */
export const run: Run = async ({ signal, say }, [file = ""]) => {
  const config = await readCoordinatorConfig(file);
  const log = jsonLog(process.stderr);
  const ready = ({ url, mqttUrl, adminUrl }: { url: string; mqttUrl: string; adminUrl: string }) =>
    say(`coordinator of ${config.fleet}: ${url}, broker ${mqttUrl}, operator ${adminUrl}`);
  await runCoordinator(config, { log, ready }, signal);
  return { format: 1, fleet: config.fleet };
};
