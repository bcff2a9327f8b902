import { join } from "node:path";
import { EdgeloopError } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { openAdapter } from "@edgeloop/device-agent/node";
import type { Context, Options, Run } from "../command.ts";
import {
  integerOption,
  listOption,
  optionalNumber,
  optionalText,
  pairsOption,
  textOption,
} from "../options.ts";
import { recordBroker } from "../record/record-broker.ts";
import { recordSource } from "../record/record-source.ts";
import type { Take, TakeReport } from "../record/record-take.ts";
import { recordTake } from "../record/record-take.ts";

/** A sensor that says nothing for so long is not there. */
const silenceSMax = 30;

/**
 * Records a sensor of a `gateway.yaml`, or an MQTT topic. With labels: a recording each, one after the other, with time
 * between them to change what the sensor sees.
 *
 * @throws `USAGE`, `RECORDING_SILENT`, `RECORDING_EMPTY`, `RECORDING_DIFFERS`, and what reading the configuration throws.
 */
export const run: Run = async (context, [file], options) => {
  const labels = labelsOf(options);
  const { sensor, gateway, origin } = await recordSource(file, options);
  const broker = gateway ? await recordBroker(gateway, context.log) : undefined;
  try {
    const adapter = openAdapter(sensor, { brokerUrl: broker?.url ?? "", clock: systemClock });
    const durationS = optionalNumber(options, "seconds", { min: 0.1, max: 1e6 });
    const recordings: TakeReport[] = [];
    for (const label of labels) {
      await pause(context, options, { label, count: labels.length });
      if (context.signal.aborted) break;
      const take: Take = {
        ...placeOf(label, options),
        adapter,
        origin: optionalText(options, "origin") ?? origin,
        ...(durationS === undefined ? {} : { durationS, silenceSMax }),
        clock: systemClock,
        signal: context.signal,
        progress: (rows) => context.progress(`${rows} rows`),
        refuse: ({ code, message }) => context.progress(`refused: ${code}: ${message}`),
      };
      context.say(`recording ${label ?? sensor.sensor} from ${origin}`);
      const report = await recordTake(take);
      show(context, report);
      recordings.push(report);
    }
    return { format: 1, recordings };
  } finally {
    await broker?.close();
  }
};

/** Where a take goes, and what tells it from the others. */
function placeOf(
  label: string | undefined,
  options: Options,
): Pick<Take, "directory" | "attributes" | "label"> {
  const to = textOption(options, "to");
  const attributes = pairsOption(options, "attribute");
  if (label === undefined) return { directory: to, attributes };
  const folder = folderOf(label);
  return { directory: join(to, folder), attributes: { take: folder, ...attributes }, label };
}

function labelsOf(options: Options): readonly (string | undefined)[] {
  const labels = listOption(options, "label");
  const folders = labels.map(folderOf);
  const at = folders.findIndex((folder, index) => folders.indexOf(folder) !== index);
  if (at >= 0) throw new EdgeloopError("USAGE", `--label ${labels[at]} is there twice`);
  if (labels.length > 1 && optionalText(options, "seconds") === undefined) {
    throw new EdgeloopError("USAGE", "several labels need --seconds: the length of each");
  }
  return labels.length === 0 ? [undefined] : labels;
}

/** A label is any text, a folder's name is not. */
function folderOf(label: string): string {
  const folder = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  if (folder !== "") return folder;
  throw new EdgeloopError("USAGE", `--label needs a letter or digit, not "${label}"`);
}

async function pause(
  { say, signal }: Context,
  options: Options,
  { label, count }: { readonly label: string | undefined; readonly count: number },
): Promise<void> {
  if (count < 2) return;
  const seconds = integerOption(options, "pause", { min: 0, max: 3600, fallback: 5 });
  say(`next: ${label}, in ${seconds} s`);
  await systemClock.sleep(seconds * 1000, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function show({ say }: Context, report: TakeReport): void {
  const { directory, rows, rowsRepeated, rowsRecovered, refusals } = report;
  if (rowsRecovered > 0) say(`recovered ${rowsRecovered} rows of a recording that was cut off`);
  const refused = Object.entries(refusals).map(([code, count]) => `, ${count} refused (${code})`);
  const repeated = rowsRepeated > 0 ? `, ${rowsRepeated} repeated` : "";
  say(`recorded ${rows} rows in ${directory}${repeated}${refused.join("")}`);
}
