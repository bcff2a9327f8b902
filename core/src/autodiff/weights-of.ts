import type { Graph, Node, ValueInfo } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import { readsOf } from "../graph/reads.ts";
import type { Tensor } from "../graph/tensor.ts";
import { isSmooth } from "./smooth.ts";

/** From which input on an operator reads what says how it works: it has no gradient. */
const fixedFrom: ReadonlyMap<string, number> = new Map([
  ["DequantizeLinear", 1],
  ["Dropout", 1],
  ["QuantizeLinear", 1],
  ["Resize", 1],
]);

/** From which input on an operator reads what is no weight, though it may have a gradient. */
export const settingsFrom: ReadonlyMap<string, number> = new Map([
  ...fixedFrom,
  ["BatchNormalization", 3],
  ["Clip", 1],
  ["Pad", 1],
]);

const readFrom = ({ nodes }: Graph, from: ReadonlyMap<string, number>): ReadonlySet<string> =>
  new Set(nodes.flatMap(({ op, inputs }) => inputs.slice(from.get(op) ?? inputs.length)));

/**
 * Names the float inputs and initialisers that `differentiate` can be asked for: all but those that say how an
 * operator works, as the scales of Resize and of quantization.
 *
 * @example
 * const x = { name: "x", dtype: "float32", shape: ["N"] };
 * const node = { name: "square", op: "Mul", inputs: ["x", "x"], outputs: ["y"], attributes: {} };
 * const square = { name: "square", inputs: [x], outputs: [{ ...x, name: "y" }], nodes: [node], initializers: new Map() };
 * differentiableNames(square); // => ["x"]
 */
export function differentiableNames(graph: Graph): string[] {
  const fixed = readFrom(graph, fixedFrom);
  const infos = [
    ...graph.inputs,
    ...Array.from(graph.initializers, ([name, { dtype }]) => ({ name, dtype })),
  ];
  return infos
    .filter(({ name, dtype }) => dtype.startsWith("float") && !fixed.has(name))
    .map(({ name }) => name);
}

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
  const settings = readFrom(model, settingsFrom);
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
    if (isReached) for (const name of readsOf(node)) found.add(name);
  }
  return found;
}
