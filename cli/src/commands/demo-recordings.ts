import { resolve } from "node:path";
import { parseWhere } from "@edgeloop/core/data";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Options, Run } from "../command.ts";
import { recordingsRows } from "../demo/recordings/result-rows.ts";
import { runRecordings } from "../demo/recordings/run.ts";
import type { RecordingsSettings } from "../demo/recordings/settings.ts";
import { otherDeviceRounds, sameDeviceRounds } from "../demo/recordings/settings.ts";
import { demoDefaults } from "../demo/settings.ts";
import { integerOption, listOption, optionalText, textOption } from "../options.ts";

/**
 * Runs the loop on recordings: some people are the laboratory, others gateways, others nothing is learned from.
 *
 * @throws `USAGE`, `DATASET_EMPTY`, `ATTRIBUTE_UNKNOWN`, `FOLDS_TOO_MANY`, `FOLD_TOO_SMALL`, `OBJECTIVE_MISSED`, …
 */
export const run: Run = async ({ say, signal }, _args, options) => {
  const settings = settingsOf(options);
  const result = await runRecordings(settings, { say, signal });
  for (const [what, asked, measured] of recordingsRows(result)) {
    say(`${what.padEnd(60)} ${asked.padEnd(26)} ${measured}`);
  }
  say(`report: ${settings.directory}/report.html`);
  return result;
};

function settingsOf(options: Options): RecordingsSettings {
  const laboratory = listOption(options, "laboratoryWhere");
  const problem = optionalText(options, "problem");
  const rounds = laboratory.length > 0 ? otherDeviceRounds : sameDeviceRounds;
  return {
    recordings: resolve(textOption(options, "recordings")),
    where: parseWhere(listOption(options, "where")),
    laboratoryWhere: laboratory.length > 0 ? parseWhere(laboratory) : undefined,
    groupBy: textOption(options, "groupBy"),
    problem: problem && resolve(problem),
    folds: integerOption(options, "folds", { min: 2, max: 100, fallback: 5 }),
    rounds: {
      ...rounds,
      rounds: integerOption(options, "rounds", { min: 1, max: 1000, fallback: rounds.rounds }),
    },
    seed: integerOption(options, "seed", { min: 0, max: 2 ** 31 - 1, fallback: demoDefaults.seed }),
    stay: options["stay"] === true,
    directory: resolve(optionalText(options, "output") ?? demoDefaults.directory),
    backend: backendOf(optionalText(options, "backend") ?? "auto"),
  };
}

function backendOf(text: string): RecordingsSettings["backend"] {
  if (text === "auto" || text === "native" || text === "wasm") return text;
  throw new EdgeloopError("USAGE", `--backend is auto, native or wasm, not "${text}"`);
}
