import type { ConfusionMatrix } from "./confusion.ts";
import { confusionTotal } from "./confusion.ts";

/** How well one class is told from the others. */
export type ClassScores = {
  readonly label: string;
  /** Of the windows called so, the share that were; 0 when none was called so. */
  readonly precision: number;
  /** Of the windows that were so, the share called so; 0 when none was. */
  readonly recall: number;
  readonly f1: number;
  /** Windows that were so. */
  readonly support: number;
  /** Windows that were called so. */
  readonly predicted: number;
};

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/**
 * Scores each class.
 *
 * An undefined ratio is 0, as in scikit-learn with `zero_division=0`.
 */
export function classScores({ classes, counts }: ConfusionMatrix): readonly ClassScores[] {
  const size = classes.length;
  const at = (truth: number, predicted: number): number => counts[truth * size + predicted] ?? 0;
  return classes.map((label, index) => {
    const right = at(index, index);
    const support = classes.reduce((sum, _, other) => sum + at(index, other), 0);
    const predicted = classes.reduce((sum, _, other) => sum + at(other, index), 0);
    return {
      label,
      precision: ratio(right, predicted),
      recall: ratio(right, support),
      f1: ratio(2 * right, support + predicted),
      support,
      predicted,
    };
  });
}

/**
 * The share of right predictions; 0 when there are none.
 *
 * @example
 * accuracy({ classes: ["ok", "broken"], counts: [3, 1, 0, 4] }); // => 0.875
 */
export function accuracy(matrix: ConfusionMatrix): number {
  const size = matrix.classes.length;
  const right = matrix.classes.reduce((sum, _, i) => sum + (matrix.counts[i * size + i] ?? 0), 0);
  return ratio(right, confusionTotal(matrix));
}

const mean = (values: readonly number[]): number =>
  ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  );

/**
 * The mean F1 of the classes that occur, in truth or among predictions.
 *
 * A class that neither occurs nor is predicted says nothing about a model and is left out, as in scikit-learn's
 * `f1_score(average="macro", zero_division=0)`.
 */
export function macroF1(matrix: ConfusionMatrix): number {
  const seen = classScores(matrix).filter(({ support, predicted }) => support + predicted > 0);
  return mean(seen.map(({ f1 }) => f1));
}

/** The mean recall of the classes that occur in truth, as scikit-learn's `balanced_accuracy_score`. */
export function balancedAccuracy(matrix: ConfusionMatrix): number {
  const seen = classScores(matrix).filter(({ support }) => support > 0);
  return mean(seen.map(({ recall }) => recall));
}
