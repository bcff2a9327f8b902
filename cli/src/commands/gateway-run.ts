import { EdgeloopError } from "@edgeloop/core/platform";
import { jsonLog } from "@edgeloop/core/platform/node";
import type { GatewayConfig } from "@edgeloop/device-agent";
import type { Gateway } from "@edgeloop/device-agent/node";
import { readGatewayConfig, runGateway } from "@edgeloop/device-agent/node";
import type { Context, Run } from "../command.ts";
import { optionalText } from "../options.ts";
import { printPredictions } from "../predictions.ts";
import type { LocalRelease } from "../release/local-package.ts";
import { openLocalPackage } from "../release/local-package.ts";

/**
 * Runs a gateway until it is told to stop; what it does goes to standard error, an object a line.
 *
 * @throws `CONFIG_INVALID`, `CONFIG_PLAINTEXT_REFUSED`, `BROKER_UNAVAILABLE`, `HTTP_UNAVAILABLE`, `INSTALL_COORDINATED`,
 * `RELEASE_PACKAGE_INVALID`
 */
export const run: Run = async (context, [file = ""], options) => {
  const { signal, say } = context;
  const config = await readGatewayConfig(file);
  const release = await releaseOf(config, optionalText(options, "install"));
  const gateway = await runGateway(config, { signal, log: jsonLog(process.stderr) });
  say(`gateway ${config.id}: broker ${gateway.brokerUrl}, health ${gateway.httpUrl}/healthz`);
  const printing = options["print"] === true && (await printPredictions(config, gateway, context));
  const installing = release && install(release, gateway, context);
  try {
    await Promise.all([gateway.done, installing]);
  } finally {
    if (printing) await printing.close();
  }
  return { format: 1, id: config.id };
};

async function releaseOf(
  config: GatewayConfig,
  directory: string | undefined,
): Promise<LocalRelease | undefined> {
  if (directory === undefined) return undefined;
  if (config.coordinator !== undefined) throw coordinated(config);
  return await openLocalPackage(directory, config.line);
}

async function install(release: LocalRelease, gateway: Gateway, context: Context): Promise<void> {
  const { target } = release;
  context.say(`installing ${target}`);
  const outcome = await gateway.install(await release.putInto(gateway.stores.blobs));
  if (outcome.kind === "active") context.say(`${target} serves`);
  else context.fail(outcome.code, `${target} does not serve: ${outcome.message}`);
}

const coordinated = ({ id, coordinator }: GatewayConfig): EdgeloopError =>
  new EdgeloopError(
    "INSTALL_COORDINATED",
    `gateway ${id} takes its releases from ${coordinator?.url}, signed: --install is for a gateway without a coordinator`,
  );
