import type { Graph, Node, ValueInfo } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { isSmooth } from "./smooth.ts";

/** From which input on an operator reads what is no weight. */
export const settingsFrom: ReadonlyMap<string, number> = new Map([
  ["BatchNormalization", 3],
  ["Clip", 1],
  ["DequantizeLinear", 1],
  ["Dropout", 1],
  ["Pad", 1],
  ["QuantizeLinear", 1],
  ["Resize", 1],
]);

/** Operators to which a single number is a factor or a limit that the exporter wrote down; a sum may be a bias. */
const arithmetic: ReadonlySet<string> = new Set([
  ...["Mul", "Div", "Sub", "Pow", "Max", "Min", "Where", "Mod", "Expand"],
]);

/**
 * Names the float32 initialisers that are weights, in the model's order: what an output depends on smoothly, without
 * running statistics and without constants. A constant is a number of rank 0, or a single element of any rank that
 * only arithmetic reads (exporters write the scale of attention as `[1]`).
 */
export function weightsOf(model: Graph, output: Pick<ValueInfo, "name">): string[] {
  const influences = influencesOf(model, output.name);
  const settings = new Set(
    model.nodes.flatMap(({ op, inputs }) => inputs.slice(settingsFrom.get(op) ?? inputs.length)),
  );
  const isWeight = ([name, tensor]: readonly [string, Tensor]): boolean =>
    tensor.dtype === "float32" &&
    tensor.shape.length > 0 &&
    influences.has(name) &&
    !settings.has(name) &&
    (tensor.data.length > 1 || !isConstant(model, name));
  return [...model.initializers].filter(isWeight).map(([name]) => name);
}

const isConstant = ({ nodes }: Graph, name: string): boolean =>
  nodes.every(({ op, inputs }: Node) => !inputs.includes(name) || arithmetic.has(op));

/** Values that an output depends on through floats alone. */
function influencesOf(model: Graph, output: string): ReadonlySet<string> {
  const values = inferValues(model);
  const found = new Set([output]);
  for (const node of model.nodes.toReversed()) {
    const isReached = node.outputs.some(
      (name) => found.has(name) && isSmooth(node, values.get(name)?.dtype),
    );
    if (isReached) for (const name of node.inputs) found.add(name);
  }
  return found;
}
