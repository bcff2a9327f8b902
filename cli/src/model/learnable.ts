import type { AdaptedModel } from "@edgeloop/core/autodiff";
import { addAdapters } from "@edgeloop/core/autodiff";
import type { Graph } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Options } from "../command.ts";
import { integerOption, optionalText } from "../options.ts";
import { readNamedChoice } from "./named-choice.ts";
import { trainableOf } from "./recipe.ts";

/** A model as it is trained: its own weights, or adapters beside them. */
export type Learnable = {
  readonly graph: Graph;
  readonly trainable: (name: string) => boolean;
  /** With `--adapter`: the factors, and what they are multiplied by where they are folded back. */
  readonly adapter?: Pick<AdaptedModel, "adapters"> & { readonly scale: number };
};

/**
 * Reads `--train`, `--freeze`, `--adapter` and `--seed`: what of a model is trained.
 *
 * @throws `USAGE`, `ADAPTER_INVALID`.
 */
export function learnableOf(model: Graph, options: Options): Learnable {
  const chosen = trainableOf(options);
  const text = optionalText(options, "adapter");
  if (text === undefined) return { graph: model, trainable: chosen };
  const { numbers } = readNamedChoice("--adapter", `low-rank:${text}`, {
    "low-rank": ["rank", "alpha"],
  });
  const { rank, alpha = rank } = numbers;
  if (rank === undefined || alpha === undefined) {
    throw new EdgeloopError("USAGE", `--adapter takes rank=R or rank=R,alpha=A, not "${text}"`);
  }
  const seed = integerOption(options, "seed", { min: 0, max: 2 ** 31, fallback: 1 });
  const { graph, adapters } = addAdapters(model, { rank, alpha, seed, layers: chosen });
  return {
    graph,
    trainable: (name) => adapters.has(name),
    adapter: { adapters, scale: alpha / rank },
  };
}
