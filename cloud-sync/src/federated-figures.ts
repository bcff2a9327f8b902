import type { ConfusionMatrix } from "@edgeloop/core/statistics";
import {
  accuracy,
  confusionMatrix,
  confusionTotal,
  macroF1,
  mergeConfusion,
} from "@edgeloop/core/statistics";
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
  const merged = sumOf(confusions, classes);
  const bySlice = Object.groupBy(confusions, (entry) => entry.slice);
  return {
    accuracy: accuracy(merged),
    macroF1: macroF1(merged),
    windows: confusionTotal(merged),
    slices: Object.fromEntries(
      Object.entries(bySlice).map(([slice, entries = []]) => [
        slice,
        accuracy(sumOf(entries, classes)),
      ]),
    ),
    counts: merged.counts,
  };
}

/** Class names do not matter here: a round's classes are its plan's, by index. */
function sumOf(confusions: readonly SliceConfusion[], classes: number): ConfusionMatrix {
  const names = Array.from({ length: classes }, (_, index) => String(index));
  return confusions
    .map(({ counts }) => ({ classes: names, counts }))
    .reduce(mergeConfusion, confusionMatrix(names));
}
