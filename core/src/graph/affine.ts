import { floatOf, intOf } from "./attributes.ts";
import type { Graph, Node } from "./graph.ts";
import type { TensorOf } from "./tensor.ts";

/** y = x·factor + offset, an entry a channel. */
export type Affine = { readonly factor: Float64Array; readonly offset: Float64Array };

/** What is scaled and shifted: `[N, channels, …]` of a rank. */
export type AffineSite = {
  readonly graph: Graph;
  readonly channels: number;
  readonly rank: number;
};

/**
 * Tells how a node scales and shifts each channel of a value, when it does nothing else: BatchNormalization in
 * inference mode, and Add, Sub, Mul and Div with a float32 constant.
 *
 * @param value The value that comes in; what else the node reads are constants.
 */
export function affineOf(node: Node, value: string, site: AffineSite): Affine | undefined {
  if (node.domain !== undefined || node.outputs.length !== 1) return undefined;
  return node.op === "BatchNormalization"
    ? normalization(node, value, site)
    : arithmetic(node, value, site);
}

function normalization(node: Node, value: string, site: AffineSite): Affine | undefined {
  if (node.inputs[0] !== value || intOf(node, "training_mode", 0) !== 0) return undefined;
  const [scale, bias, mean, variance] = node.inputs
    .slice(1)
    .map((name) => float32Of(site.graph, name));
  if (!scale || !bias || !mean || !variance || scale.data.length !== site.channels) {
    return undefined;
  }
  const epsilon = floatOf(node, "epsilon", 1e-5);
  const at = (tensor: TensorOf<"float32">, i: number): number => tensor.data[i] ?? 0;
  const factor = Float64Array.from(scale.data, (s, i) => s / Math.sqrt(at(variance, i) + epsilon));
  const offset = factor.map((f, i) => at(bias, i) - at(mean, i) * f);
  return { factor, offset };
}

/** What a constant makes of a value; by its place for those where places matter. */
const effects: Readonly<
  Record<string, (constant: number, isFirst: boolean) => readonly [factor: number, offset: number]>
> = {
  Add: (c) => [1, c],
  Sub: (c, isFirst) => (isFirst ? [1, -c] : [-1, c]),
  Mul: (c) => [c, 0],
  Div: (c, isFirst) => (isFirst ? [1 / c, 0] : [Number.NaN, 0]),
};

function arithmetic(node: Node, value: string, site: AffineSite): Affine | undefined {
  const effect = Object.hasOwn(effects, node.op) ? effects[node.op] : undefined;
  const isFirst = node.inputs[0] === value;
  const constant = float32Of(site.graph, node.inputs[isFirst ? 1 : 0]);
  if (effect === undefined || constant === undefined) return undefined;
  const entries = perChannel(constant, site);
  if (entries === undefined) return undefined;
  const pairs = entries.map((entry) => effect(entry, isFirst));
  const factor = Float64Array.from(pairs, ([each]) => each);
  const offset = Float64Array.from(pairs, ([, each]) => each);
  return factor.every(Number.isFinite) && offset.every(Number.isFinite)
    ? { factor, offset }
    : undefined;
}

/** An entry a channel, of a constant that broadcasts along channels alone. */
function perChannel(
  { shape, data }: TensorOf<"float32">,
  { channels, rank }: AffineSite,
): readonly number[] | undefined {
  if (shape.length > rank) return undefined;
  const axes = [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const fits = axes.every((size, axis) => size === 1 || (axis === 1 && size === channels));
  if (!fits) return undefined;
  return Array.from({ length: channels }, (_, i) => data[data.length === 1 ? 0 : i] ?? 0);
}

const float32Of = (graph: Graph, name: string | undefined): TensorOf<"float32"> | undefined => {
  const tensor = graph.initializers.get(name ?? "");
  return tensor?.dtype === "float32" ? tensor : undefined;
};
