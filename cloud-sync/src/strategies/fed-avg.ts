import type { Tensors } from "@edgeloop/core/graph";
import { f32 } from "@edgeloop/core/graph";
import type { ExactSum, SumLimits } from "../exact-sum.ts";
import { addTo, exactSum, meanOf } from "../exact-sum.ts";
import type { Strategy } from "../strategy.ts";
import { checkUpdate } from "../update-check.ts";

/** FedAvg keeps nothing but the model. */
export type FedAvgState = { readonly model: Tensors };

/** One exact sum a tensor. */
export type FedAvgSum = { readonly base: Tensors; readonly sums: ReadonlyMap<string, ExactSum> };

/**
 * Averages updates, weighted by their numbers of examples.
 *
 * Sums are exact on the plan's grid, so that the next model's bits depend neither on the order of updates nor on how
 * they were sharded.
 *
 * @see arXiv:1602.05629, algorithm 1
 */
export function fedAvg(limits: SumLimits): Strategy<FedAvgState, FedAvgSum> {
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
    finish({ model }, { sums }) {
      const next: Record<string, Tensors[string]> = {};
      for (const [name, sum] of sums) {
        const base = model[name];
        if (base === undefined) continue;
        const mean = meanOf(sum);
        const moved = mean.map((change, index) => Number(base.data[index]) + change);
        next[name] = f32(Float32Array.from(moved), base.shape);
      }
      return { state: { model: next }, model: next };
    },
  };
}
