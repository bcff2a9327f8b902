import type { Graph } from "../../graph/graph.ts";
import { readsOf } from "../../graph/reads.ts";

/** Which parameters are trained where not all can be. */
export type Choice = "last" | "biases" | "normalization" | "importance";

/** The names of the choices, for help and messages. */
export const choices: readonly Choice[] = ["last", "biases", "normalization", "importance"];

/** Parameters that one operator reads: they are trained together or not at all. */
export type Unit = readonly string[];

/** Groups parameters by the operator that reads them first, in the order of the operators. */
export function unitsOf(model: Graph, parameters: readonly string[]): readonly Unit[] {
  const rest = new Set(parameters);
  const units = model.nodes.map((node) => {
    const own = readsOf(node).filter((name) => rest.has(name));
    for (const name of own) rest.delete(name);
    return [...new Set(own)];
  });
  return [...units, [...rest]].filter((unit) => unit.length > 0);
}

/** Where operators take what they add, counted from 0. */
const biasInputs: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...["Conv", "ConvTranspose", "Gemm"].map((op) => [op, [2]] as const),
  ...[
    "BatchNormalization",
    "LayerNormalization",
    "InstanceNormalization",
    "GroupNormalization",
  ].map((op) => [op, [2]] as const),
  ["Add", [0, 1]],
]);

const normalizationInputs: ReadonlyMap<string, readonly number[]> = new Map(
  [
    ...["BatchNormalization", "LayerNormalization", "InstanceNormalization"],
    ...["GroupNormalization", "RMSNormalization"],
  ].map((op) => [op, [1, 2]] as const),
);

/** Parameters that are only added to something. */
export const biasesOf = (model: Graph, parameters: readonly string[]): readonly string[] =>
  readOnlyAt(model, parameters, biasInputs);

/** Scales and biases of normalizations. */
export const normalizationsOf = (model: Graph, parameters: readonly string[]): readonly string[] =>
  readOnlyAt(model, parameters, normalizationInputs);

function readOnlyAt(
  { nodes }: Graph,
  parameters: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
): readonly string[] {
  return parameters.filter((name) =>
    nodes.every(({ op, inputs }) =>
      inputs.every((input, index) => input !== name || (places.get(op) ?? []).includes(index)),
    ),
  );
}
