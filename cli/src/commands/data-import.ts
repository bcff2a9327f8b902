import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { CsvMapping } from "@edgeloop/core/data";
import type { CsvImportReport } from "@edgeloop/core/data/node";
import { importCsv } from "@edgeloop/core/data/node";
import { EdgeloopError, parseName } from "@edgeloop/core/platform";
import { parseChannels } from "../channels.ts";
import type { Context, Options, Run } from "../command.ts";
import { listOption, numberOption, optionalText, textOption } from "../options.ts";
import { table } from "../table.ts";

/** How often an import says how far it is. */
const progressLines = 20;

/**
 * Turns CSV files into recordings.
 *
 * @throws `USAGE`, `FILE_MISSING`, and what `importCsv` throws: file, line, column and what was expected.
 */
export const run: Run = async (context, [from = ""], options) => {
  const to = textOption(options, "to");
  const mapping = mappingOf(options);
  if (!existsSync(from)) {
    throw new EdgeloopError("FILE_MISSING", `${from}: expected a folder of CSV files`);
  }
  const path = optionalText(options, "path");
  const report = await importCsv({
    from,
    to,
    ...(path === undefined ? {} : { path }),
    sensor: parseName(textOption(options, "sensor")),
    mapping,
    origin: optionalText(options, "origin") ?? resolve(from),
    progress: (done, files) => {
      const step = Math.ceil(files / progressLines);
      if (done % step === 0 || done === files) {
        context.progress(`imported ${done} of ${files} files`);
      }
    },
  });
  show(context, to, report);
  return { format: 1, to, ...report };
};

function mappingOf(options: Options): CsvMapping {
  const label = optionalText(options, "label");
  const delimiter = optionalText(options, "delimiter");
  return {
    channels: parseChannels(textOption(options, "channels")).map(({ name, unit }) => ({
      column: name,
      unit,
    })),
    time: timeOf(optionalText(options, "time")),
    rateHz: numberOption(options, "rate", { min: 1e-6, max: 1e6 }),
    ...(label === undefined ? {} : { label }),
    ...(delimiter === undefined ? {} : { delimiter }),
    attributes: listOption(options, "attribute"),
  };
}

const timeUnits = ["s", "ms", "us", "iso"] as const;

/** Without a column of times the rows are a period apart, from 1970 on. */
function timeOf(text: string | undefined): CsvMapping["time"] {
  if (text === undefined) return { startUs: 0 };
  const colon = text.lastIndexOf(":");
  const unit = timeUnits.find((known) => known === text.slice(colon + 1));
  if (colon > 0 && unit) return { column: text.slice(0, colon), unit };
  throw new EdgeloopError(
    "USAGE",
    `--time takes COLUMN:UNIT with a unit of ${timeUnits.join(", ")}, not "${text}"`,
  );
}

function show({ say }: Context, to: string, report: CsvImportReport): void {
  const rows = table([
    ["files", report.files],
    ["recordings", report.recordings],
    ["rows", report.rows],
    ["rows dropped, time repeated", report.rowsRepeated],
    ["gaps", report.gaps],
    ["samples written", report.samples],
  ]);
  for (const row of rows) say(row);
  const { skipped } = report;
  if (skipped.length > 0) {
    say(`passed over ${skipped.length} files of another path, such as ${skipped[0]}`);
  }
  say(`wrote ${to}`);
}
