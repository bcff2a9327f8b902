import type { Run } from "../command.ts";
import type { DemoResult } from "../demo/result.ts";
import { resultRows } from "../demo/result-rows.ts";
import { runDemo } from "../demo/run.ts";
import { demoDefaults } from "../demo/settings.ts";
import { trafficTable } from "../demo/traffic-table.ts";
import { integerOption, optionalText } from "../options.ts";

/**
 * Runs the whole loop on this machine: sensors, gateways, coordinator, change, rounds, release, recovery.
 *
 * @throws `USAGE`, `COMMAND_FAILED`, `DAEMON_ENDED`, `DAEMON_NOT_READY`, `FIRMWARE_SENDER_FAILED`, `CAMPAIGN_FAILED`,
 * `ROLLOUT_FAILED`, `SCHEDULE_ENDED`
 */
export const run: Run = async (context, args, options) => {
  if (optionalText(options, "recordings") !== undefined) {
    const recordings = await import("./demo-recordings.ts");
    return await recordings.run(context, args, options);
  }
  const { say, signal } = context;
  const settings = {
    ...demoDefaults,
    seed: integerOption(options, "seed", { min: 0, max: 2 ** 31 - 1, fallback: demoDefaults.seed }),
    gateways: integerOption(options, "gateways", {
      min: 3,
      max: 32,
      fallback: demoDefaults.gateways,
    }),
    stay: options["stay"] === true,
    directory: optionalText(options, "output") ?? demoDefaults.directory,
  };
  // Said while the fleet still runs: --stay is no wait for the table.
  const onResult = (result: DemoResult): void => {
    for (const line of linesOf(result)) say(line);
    say(`report: ${settings.directory}/report.html`);
  };
  return await runDemo(settings, { say, signal, onResult });
};

function linesOf(result: DemoResult): readonly string[] {
  const gateways = result.gateways.map(({ gateway }) => gateway);
  return [
    ...resultRows(result).map(
      ([what, asked, measured]) => `${what.padEnd(52)} ${asked.padEnd(16)} ${measured}`,
    ),
    ...trafficTable(result.bytes.rows, gateways),
  ];
}
