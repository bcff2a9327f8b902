import type { Run } from "../command.ts";
import { resultRows } from "../demo/result-rows.ts";
import { runDemo } from "../demo/run.ts";
import { demoDefaults } from "../demo/settings.ts";
import { integerOption, optionalText } from "../options.ts";

/**
 * Runs the whole loop on this machine: sensors, gateways, coordinator, change, rounds, release, recovery.
 *
 * @throws `USAGE`, `DAEMON_ENDED`, `DAEMON_NOT_READY`, `COMMAND_FAILED`
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
  const result = await runDemo(settings, { say, signal });
  for (const [what, asked, measured] of resultRows(result)) {
    say(`${what.padEnd(56)} ${asked.padEnd(16)} ${measured}`);
  }
  say(`report: ${settings.directory}/report.html`);
  return result;
};
