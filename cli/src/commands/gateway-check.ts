import type { Finding } from "@edgeloop/device-agent/node";
import { checkGateway, readGatewayConfig } from "@edgeloop/device-agent/node";
import type { Run } from "../command.ts";
import { table } from "../table.ts";

/**
 * Says whether a gateway could run here: what is there, what is missing, and the line that installs it. Ends with 1 when
 * something is missing.
 *
 * @throws `CONFIG_MISSING`, `CONFIG_INVALID`, `CONFIG_PLAINTEXT_REFUSED`
 */
export const run: Run = async ({ say, fail }, [file = ""]) => {
  const config = await readGatewayConfig(file);
  const { ok, findings } = await checkGateway(config);
  for (const line of table(findings.map(rowOf))) say(line);
  const missing = findings.filter(({ state }) => state === "missing");
  if (!ok) fail("GATEWAY_NOT_READY", `${file}: ${missing.map(({ what }) => what).join(", ")}`);
  return { format: 1, id: config.id, ok, findings };
};

const rowOf = ({ what, state, detail }: Finding): readonly string[] => [state, what, detail];
