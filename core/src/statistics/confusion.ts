import { EdgeloopError } from "../platform/errors.ts";

/** How often each class was taken for each: counts row-major `[truth, predicted]`. Plain data, ready for JSON. */
export type ConfusionMatrix = {
  readonly classes: readonly string[];
  readonly counts: readonly number[];
};

/** One matrix a slice (a pump, a person, a device), by the slice's name. */
export type SlicedConfusion = Readonly<Record<string, ConfusionMatrix>>;

/**
 * Counts predictions.
 *
 * @param pairs Indices into `classes`.
 * @throws `CLASS_UNKNOWN` when an index stands for no class.
 * @example
 * confusionMatrix(["ok", "broken"], [[0, 0], [1, 0]]).counts; // => [1, 0, 1, 0]
 */
export function confusionMatrix(
  classes: readonly string[],
  pairs: Iterable<readonly [truth: number, predicted: number]> = [],
): ConfusionMatrix {
  const counts = new Array<number>(classes.length ** 2).fill(0);
  for (const [truth, predicted] of pairs) {
    if (!(isClass(truth, classes) && isClass(predicted, classes))) {
      throw new EdgeloopError("CLASS_UNKNOWN", `a class index is below ${classes.length}`, {
        details: { truth, predicted },
      });
    }
    const cell = truth * classes.length + predicted;
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return { classes, counts };
}

const isClass = (index: number, classes: readonly string[]): boolean =>
  Number.isInteger(index) && index >= 0 && index < classes.length;

/**
 * Adds matrices of the same classes; the order does not matter.
 *
 * @throws `CLASSES_DIFFER`
 */
export function mergeConfusion(first: ConfusionMatrix, second: ConfusionMatrix): ConfusionMatrix {
  const { classes } = first;
  const same = classes.length === second.classes.length;
  if (!same || classes.some((name, index) => name !== second.classes[index])) {
    throw new EdgeloopError("CLASSES_DIFFER", "matrices must have the same classes in order", {
      details: { first: classes, second: second.classes },
    });
  }
  const counts = first.counts.map((count, cell) => count + (second.counts[cell] ?? 0));
  return { classes, counts };
}

/** Adds matrices slice by slice; a slice that only one side has is kept. */
export function mergeSliced(first: SlicedConfusion, second: SlicedConfusion): SlicedConfusion {
  const merged = new Map(Object.entries(first));
  for (const [slice, matrix] of Object.entries(second)) {
    const before = merged.get(slice);
    merged.set(slice, before ? mergeConfusion(before, matrix) : matrix);
  }
  return Object.fromEntries(merged);
}

/** Adds all slices up. */
export const totalConfusion = (
  classes: readonly string[],
  sliced: SlicedConfusion,
): ConfusionMatrix => Object.values(sliced).reduce(mergeConfusion, confusionMatrix(classes));

/** The number of predictions in a matrix. */
export const confusionTotal = ({ counts }: ConfusionMatrix): number =>
  counts.reduce((sum, count) => sum + count, 0);
