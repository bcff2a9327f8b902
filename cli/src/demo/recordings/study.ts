import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { groupRecordings, selectRecordings } from "@edgeloop/core/data";
import type { StoredRecording } from "@edgeloop/core/data/node";
import { listDataset, readRecording } from "@edgeloop/core/data/node";
import { EdgeloopError, messageOf } from "@edgeloop/core/platform";
import type { Problem, TrainPorts } from "@edgeloop/models";
import { groupedFolds, parseProblem } from "@edgeloop/models";
import { loadExamples } from "@edgeloop/models/node";
import { chooseFlip } from "./choose-augment.ts";
import { deriveProblem } from "./derive-problem.ts";
import type { FoldOptions } from "./fold.ts";
import { laboratoryWindows } from "./fold.ts";
import { inParallel } from "./parallel.ts";
import { castFold } from "./people.ts";
import type { RecordingsSettings } from "./settings.ts";

/** Recordings made ready: who plays which part in each fold, with which problem and whose windows. */
export type Study = {
  /** Recordings of the field by person, in the order in which they are played. */
  readonly people: ReadonlyMap<string, readonly StoredRecording[]>;
  readonly folds: readonly FoldOptions[];
};

/**
 * Reads recordings and splits their people into folds.
 *
 * @throws `DATASET_EMPTY`, `ATTRIBUTE_UNKNOWN`, `FOLDS_TOO_MANY`, `FOLD_TOO_SMALL`, `FILE_MISSING`, `PROBLEM_INVALID`, and
 * what `loadExamples` and `deriveProblem` throw.
 */
export async function openStudy(settings: RecordingsSettings, ports: TrainPorts): Promise<Study> {
  const { recordings: directory, where, groupBy, laboratoryWhere } = settings;
  if (!existsSync(directory)) {
    throw new EdgeloopError("FILE_MISSING", `${directory}: expected a folder of recordings`);
  }
  const chosen = selectRecordings(await listDataset(directory), where);
  const people = groupRecordings(chosen, groupBy);
  const casts = groupedFolds(people.keys(), settings.folds, settings.seed).map(castFold);
  const text = settings.problem ? await readProblem(settings.problem) : await derived(chosen);
  const problem = parseProblem(text, settings.problem ?? "the derived problem");
  const field = await loadExamples(problem, { directory, where, groupBy });
  const laboratory = laboratoryWhere
    ? await loadExamples(problem, { directory, where: laboratoryWhere, groupBy })
    : field;
  const folds = casts.map((cast) => ({
    ...{ problem, field, laboratory, cast },
    rounds: settings.rounds,
  }));
  // How the laboratory wears other devices says nothing about the field's: then there is nothing to try out.
  const isDecided = settings.problem !== undefined || laboratoryWhere !== undefined;
  return {
    people,
    folds: isDecided
      ? folds
      : await inParallel(folds, async (fold) => ({
          ...fold,
          problem: withFlip(problem, await chooseFlip(problem, laboratoryWindows(fold), ports)),
        })),
  };
}

const withFlip = (problem: Problem, flip: boolean): Problem => ({
  ...problem,
  training: { ...problem.training, augment: { ...problem.training.augment, flip } },
});

/** Every label is a class; whether half turns help is found out fold by fold, from its own laboratory. */
async function derived(chosen: readonly StoredRecording[]): Promise<string> {
  const labels = new Set<string>();
  for (const { directory } of chosen) {
    for (const { label } of (await readRecording(directory)).labels) labels.add(label);
  }
  return deriveProblem(
    chosen.map(({ recording }) => recording),
    labels,
  );
}

async function readProblem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw missing(path, cause);
  }
}

const missing = (path: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("FILE_MISSING", `${path}: ${messageOf(cause)}`, { cause });
