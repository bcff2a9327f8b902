import { EdgeloopError } from "@edgeloop/core/platform";
import type { Fold } from "@edgeloop/models";

/** Who plays which part in one fold. */
export type Cast = {
  /** Their recordings make the first model. */
  readonly laboratory: readonly string[];
  /** One gateway each. */
  readonly field: readonly string[];
  /** Nobody learns from them. */
  readonly held: readonly string[];
};

/** One training person in so many is the laboratory. */
const laboratoryShare = 3;

/**
 * Casts a fold: a third of the training people are the laboratory, the rest are gateways.
 *
 * @throws `FOLD_TOO_SMALL` when there is nobody for a part.
 * @example
 * castFold({ train: ["a", "b", "c"], test: ["d"] }); // => { laboratory: ["a"], field: ["b", "c"], held: ["d"] }
 */
export function castFold({ train, test }: Fold): Cast {
  const count = Math.max(1, Math.floor(train.length / laboratoryShare));
  const cast = { laboratory: train.slice(0, count), field: train.slice(count), held: [...test] };
  if (cast.laboratory.length > 0 && cast.field.length > 0 && cast.held.length > 0) return cast;
  throw new EdgeloopError(
    "FOLD_TOO_SMALL",
    "a fold needs at least two people to train and one to test",
    { details: { train: train.length, test: test.length } },
  );
}
