import type { Tensors } from "@edgeloop/core/graph";
import { f32 } from "@edgeloop/core/graph";
import type { ExactSum, SumLimits } from "../exact-sum.ts";
import { addTo, exactSum, meanOf } from "../exact-sum.ts";
import type { Strategy } from "../strategy.ts";
import { checkUpdate } from "../update-check.ts";

/** The model, and the one before it: all that momentum needs. */
export type FedAvgState = { readonly model: Tensors; readonly previous?: Tensors };

/** One exact sum a tensor. */
export type FedAvgSum = { readonly base: Tensors; readonly sums: ReadonlyMap<string, ExactSum> };

/**
 * Averages updates, weighted by their numbers of examples, and adds a share of the step before (heavy ball).
 *
 * Sums are exact on the plan's grid, so that the next model's bits depend neither on the order of updates nor on how
 * they were sharded. The step before is the difference of two models, not a buffer that only one process knows.
 *
 * @param options `momentum`: share of the step before, 0 for plain averaging.
 * @throws `UPDATE_SHAPE_MISMATCH` from `finish` when the previous model has other tensors than the model.
 * @see arXiv:1602.05629, algorithm 1; arXiv:1909.06335 (momentum at the server, FedAvgM)
 */
export function fedAvg(
  limits: SumLimits,
  { momentum = 0 }: { readonly momentum?: number } = {},
): Strategy<FedAvgState, FedAvgSum> {
  return {
    name: "fed-avg",
    init: (model) => ({ model }),
    begin: ({ model }) => ({
      base: model,
      sums: new Map(
        Object.entries(model).map(([name, { data }]) => [name, exactSum(data.length, limits)]),
      ),
    }),
    add({ base, sums }, update, weight) {
      checkUpdate(base, update, limits.valueMax);
      for (const [name, sum] of sums) {
        const tensor = update[name];
        if (tensor?.dtype === "float32") addTo(sum, tensor.data, weight);
      }
    },
    finish({ model, previous }, { sums }) {
      if (previous !== undefined) checkUpdate(model, previous, Number.MAX_VALUE);
      const next: Record<string, Tensors[string]> = {};
      for (const [name, sum] of sums) {
        const base = model[name];
        if (base === undefined) continue;
        const mean = meanOf(sum);
        const before = previous?.[name]?.data ?? base.data;
        const moved = mean.map((change, index) => {
          const value = Number(base.data[index]);
          return value + change + momentum * (value - Number(before[index]));
        });
        next[name] = f32(Float32Array.from(moved), base.shape);
      }
      return { state: { model: next, previous: model }, model: next };
    },
  };
}
