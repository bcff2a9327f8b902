import type { Where } from "@edgeloop/core/data";
import { labelledWindows, selectRecordings } from "@edgeloop/core/data";
import type { StoredRecording } from "@edgeloop/core/data/node";
import { listDataset, readRecording } from "@edgeloop/core/data/node";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Problem } from "../problem/problem.ts";
import type { Example, Examples } from "../train/examples.ts";
import { collectExamples } from "../train/examples.ts";

/** Which recordings of a dataset to read, and what groups them. */
export type DatasetOptions = {
  readonly directory: string;
  readonly where: Where;
  /** The attribute that must not stand on both sides of a split. */
  readonly groupBy: string;
};

/**
 * Reads a dataset's recordings as labelled windows, cut as a gateway would cut them. Windows without a label are left out.
 *
 * @throws `DATASET_EMPTY`, `DATASET_CHANNELS` when a recording lacks the problem's channels, `LABEL_UNKNOWN` when a label
 * is no class of the problem, `ATTRIBUTE_MISSING`, `RECORDING_DAMAGED`.
 */
export async function loadExamples(
  problem: Problem,
  { directory, where, groupBy }: DatasetOptions,
): Promise<Examples> {
  const recordings = selectRecordings(await listDataset(directory), where);
  const examples: Example[] = [];
  for (const stored of recordings) examples.push(...(await examplesOf(problem, stored, groupBy)));
  const { lengthSamples } = problem.window;
  return collectExamples({ lengthSamples, channels: problem.sensor.channels.length }, examples);
}

async function examplesOf(
  problem: Problem,
  { directory, recording }: StoredRecording,
  groupBy: string,
): Promise<readonly Example[]> {
  const { attributes } = recording;
  const group = attributes[groupBy];
  if (group === undefined) {
    throw new EdgeloopError("ATTRIBUTE_MISSING", `${directory} has no attribute ${groupBy}`);
  }
  const names = recording.channels.map(({ name }) => name);
  const wanted = problem.sensor.channels.map(({ name }) => name);
  if (names.join() !== wanted.join()) {
    throw new EdgeloopError(
      "DATASET_CHANNELS",
      `${directory}: expected the channels ${wanted.join(", ")}, found ${names.join(", ")}`,
    );
  }
  const spec = { rateHz: problem.sensor.rateHz, ...problem.window };
  const windows = labelledWindows(recording, spec, await readRecording(directory));
  return windows.flatMap(({ window, label }) =>
    label === undefined
      ? []
      : [{ data: window.data, label: classIndex(problem, label, directory), group, attributes }],
  );
}

function classIndex({ classes }: Problem, label: string, directory: string): number {
  const index = classes.indexOf(label);
  if (index >= 0) return index;
  throw new EdgeloopError(
    "LABEL_UNKNOWN",
    `${directory}: the label ${JSON.stringify(label)} is none of the classes ${classes.join(", ")}`,
    { details: { label } },
  );
}
