import { EdgeloopError } from "../platform/errors.ts";

/** Which layers stay in float, and what is lost all the same. */
export type BudgetChoice = {
  readonly exclude: readonly string[];
  readonly loss: number;
  /** Loss when every layer is rounded. */
  readonly lossOfAll: number;
  /** Number of measurements. */
  readonly measured: number;
};

/**
 * Leaves as few layers in float as it takes for a measured loss to stay within a budget: the worst ones by their own
 * noise first, as many as a search by doubling and halving finds necessary.
 *
 * @param worstFirst Layers as `layerNoise` ranks them.
 * @param lossOf Measures the loss when these layers stay in float.
 * @throws `BUDGET_INVALID` for a budget below 0, `BUDGET_MISSED` when not even all of them in float are enough.
 */
export async function excludeWithin(
  worstFirst: readonly string[],
  budget: number,
  lossOf: (exclude: readonly string[]) => Promise<number>,
): Promise<BudgetChoice> {
  if (!(budget >= 0)) {
    throw new EdgeloopError("BUDGET_INVALID", `a budget must be at least 0, not ${budget}`);
  }
  const losses = new Map<number, number>();
  const measure = async (count: number): Promise<number> => {
    const known = losses.get(count);
    const loss = known ?? (await lossOf(worstFirst.slice(0, count)));
    losses.set(count, loss);
    return loss;
  };
  const isWithin = async (count: number): Promise<boolean> => (await measure(count)) <= budget;
  let [missed, met] = [-1, 0];
  while (!(await isWithin(met))) {
    if (met === worstFirst.length) {
      const loss = await measure(met);
      throw new EdgeloopError(
        "BUDGET_MISSED",
        `with every layer in float the loss is ${loss}, the budget ${budget}: allow more`,
        { details: { loss, budget } },
      );
    }
    missed = met;
    met = Math.min(worstFirst.length, Math.max(1, 2 * met));
  }
  while (met - missed > 1) {
    const middle = (met + missed) >> 1;
    if (await isWithin(middle)) met = middle;
    else missed = middle;
  }
  return {
    exclude: worstFirst.slice(0, met),
    loss: await measure(met),
    lossOfAll: await measure(0),
    measured: losses.size,
  };
}
