import { EdgeloopError, seededRng, shuffled } from "@edgeloop/core/platform";

/** One split by group: nobody stands on both sides. */
export type Fold = { readonly train: readonly string[]; readonly test: readonly string[] };

/**
 * Splits groups into folds; every group is tested exactly once.
 *
 * The groups are sorted, shuffled by the seed and dealt in turn, so the same names give the same folds whatever their
 * order.
 *
 * @throws `FOLDS_TOO_MANY` when there are fewer groups than folds.
 * @example
 * groupedFolds(["b", "a"], 2, 0).map((fold) => fold.test.length); // => [1, 1]
 */
export function groupedFolds(
  names: Iterable<string>,
  count: number,
  seed: number,
): readonly Fold[] {
  const groups = shuffled([...new Set(names)].toSorted(), seededRng(seed));
  if (groups.length < count) {
    throw new EdgeloopError("FOLDS_TOO_MANY", "there must be at least as many groups as folds", {
      details: { groups: groups.length, folds: count },
    });
  }
  return Array.from({ length: count }, (_, fold) => ({
    train: groups.filter((_name, index) => index % count !== fold),
    test: groups.filter((_name, index) => index % count === fold),
  }));
}
