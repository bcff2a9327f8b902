import type { EvaluatedModel, SliceConfusion } from "./round-messages.ts";

/** How well one model does, merged over devices. */
export type ModelFigures = {
  readonly accuracy: number;
  readonly macroF1: number;
  readonly windows: number;
  /** Accuracy by slice. */
  readonly slices: Readonly<Record<string, number>>;
  /** Row-major `[truth, predicted]`. */
  readonly counts: readonly number[];
};

/** A round's federated evaluation, by model. */
export type RoundFigures = Readonly<Partial<Record<EvaluatedModel, ModelFigures>>>;

/**
 * Merges devices' confusion counts by addition.
 *
 * @param classes Number of classes; counts of another length are not of this plan and are left out.
 */
export function mergeConfusions(
  confusions: readonly SliceConfusion[],
  classes: number,
): RoundFigures {
  const figures: Partial<Record<EvaluatedModel, ModelFigures>> = {};
  for (const model of ["candidate", "float", "parent"] as const) {
    const own = confusions.filter(
      (entry) => entry.model === model && entry.counts.length === classes * classes,
    );
    if (own.length > 0) figures[model] = figuresOf(own, classes);
  }
  return figures;
}

function figuresOf(confusions: readonly SliceConfusion[], classes: number): ModelFigures {
  const counts = sumCounts(confusions, classes);
  const bySlice = Object.groupBy(confusions, (entry) => entry.slice);
  return {
    accuracy: accuracyOf(counts, classes),
    macroF1: macroF1Of(counts, classes),
    windows: counts.reduce((sum, count) => sum + count, 0),
    slices: Object.fromEntries(
      Object.entries(bySlice).map(([slice, entries = []]) => [
        slice,
        accuracyOf(sumCounts(entries, classes), classes),
      ]),
    ),
    counts,
  };
}

const sumCounts = (confusions: readonly SliceConfusion[], classes: number): readonly number[] =>
  Array.from({ length: classes * classes }, (_, cell) =>
    confusions.reduce((sum, { counts }) => sum + (counts[cell] ?? 0), 0),
  );

function accuracyOf(counts: readonly number[], classes: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const right = counts.reduce(
    (sum, count, cell) => (Math.floor(cell / classes) === cell % classes ? sum + count : sum),
    0,
  );
  return total === 0 ? 0 : right / total;
}

/** The mean of F1 over the classes that occur, as truth or as prediction. */
function macroF1Of(counts: readonly number[], classes: number): number {
  const scores = Array.from({ length: classes }, (_, label) => {
    const at = (truth: number, predicted: number): number =>
      counts[truth * classes + predicted] ?? 0;
    let truths = 0;
    let predictions = 0;
    for (let other = 0; other < classes; other += 1) {
      truths += at(label, other);
      predictions += at(other, label);
    }
    return truths + predictions === 0 ? undefined : (2 * at(label, label)) / (truths + predictions);
  }).filter((score) => score !== undefined);
  return scores.length === 0 ? 0 : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}
