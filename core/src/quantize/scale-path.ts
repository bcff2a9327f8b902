import { intOf } from "../graph/attributes.ts";
import type { Dim, Graph, Node } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import type { Links } from "./links.ts";
import { nodeTitle } from "./observe.ts";
import type { WeightedNode } from "./roles.ts";

/** Two layers such that multiplying a channel between them commutes with all that stands there. */
export type Pair = {
  readonly maker: Node;
  readonly reader: Node;
  readonly made: WeightedNode;
  readonly read: WeightedNode;
  /** Inputs of the reader that a channel of the maker becomes: more than one after flattening. */
  readonly between: number;
};

/** A layer after which no scale can be taken back, and why. */
export type Unpaired = { readonly first: string; readonly reason: string };

/** What finding pairs looks at. */
export type PathContext = {
  readonly links: Links;
  readonly weighted: ReadonlyMap<Node, WeightedNode>;
  readonly shapeOf: (name: string | undefined) => readonly Dim[] | undefined;
};

/** Gathers what finding pairs looks at. */
export function pathContext(
  graph: Graph,
  parts: Pick<PathContext, "links" | "weighted">,
): PathContext {
  const values = inferValues(graph);
  return { ...parts, shapeOf: (name) => values.get(name ?? "")?.shape };
}

/** Tells a pair from a layer without one. */
export const isPair = (found: Pair | Unpaired): found is Pair => "between" in found;

/** Operators that multiplying a channel by a positive number goes through, wherever the channel's axis is. */
const elementwise: ReadonlySet<string> = new Set(["Relu", "LeakyRelu", "PRelu", "Identity"]);
/** The same for a channel on axis 1. */
const pools: ReadonlySet<string> = new Set([
  ...["MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"],
]);

/** A channel on its way: on axis 1 of a convolution's output, or last; inputs that it has become. */
type Way = { readonly value: string; readonly isConv: boolean; readonly between: number };

/** Follows a layer's output to the layer that reads it, as far as scales get through. */
export function pairFrom(maker: Node, made: WeightedNode, context: PathContext): Pair | Unpaired {
  const first = nodeTitle(maker);
  if (maker.op === "ConvTranspose") return { first, reason: "is a transposed convolution" };
  if (isShared(maker, context.links)) return { first, reason: "shares its weights" };
  let way: Way = { value: maker.outputs[0] ?? "", isConv: maker.op === "Conv", between: 1 };
  for (;;) {
    const reader = onlyReader(way.value, context.links);
    if (typeof reader === "string") return { first, reason: reader };
    const read = context.weighted.get(reader);
    if (read !== undefined && reader.inputs[0] === way.value) {
      const reason = refusal(reader, way, context.links);
      return reason ? { first, reason } : { maker, reader, made, read, between: way.between };
    }
    const next = step(reader, way, context);
    if (next === undefined) {
      return { first, reason: `${reader.op} "${nodeTitle(reader)}" does not let a scale through` };
    }
    way = next;
  }
}

const isShared = (node: Node, links: Links): boolean =>
  node.inputs.slice(1, 3).some((name) => name !== "" && links.readers(name).length > 1);

/** The only node that reads a value, or why there is none. */
function onlyReader(value: string, links: Links): Node | string {
  const [reader, ...more] = links.readers(value);
  if (reader === undefined || links.isOutput(value)) return "makes a result of the model";
  return more.length > 0 ? `is read ${more.length + 1} times` : reader;
}

/** Why a layer cannot take a scale back; undefined when it can. */
function refusal(reader: Node, { isConv }: Way, links: Links): string | undefined {
  const title = nodeTitle(reader);
  if (isShared(reader, links)) return `"${title}" shares its weights`;
  const isAlong = reader.op !== "ConvTranspose" && (reader.op === "Conv") === isConv;
  return isAlong ? undefined : `${reader.op} "${title}" reads along another axis`;
}

/** Where a scaled channel is after a node; undefined when the node does not let it through. */
function step(node: Node, way: Way, context: PathContext): Way | undefined {
  if (node.inputs[0] !== way.value) return undefined;
  const value = node.outputs[0] ?? "";
  const passes = elementwise.has(node.op) || isLowerLimit(node, context.links);
  if (passes || (way.isConv && pools.has(node.op))) return { ...way, value };
  const between = way.isConv ? flattened(node, context) : undefined;
  return between === undefined ? undefined : { value, isConv: false, between };
}

/** Clip from 0 without an upper end. */
function isLowerLimit(node: Node, links: Links): boolean {
  const [, low = "", high = ""] = node.inputs;
  const isOpen = high === "" || links.floats(high)?.data[0] === Number.POSITIVE_INFINITY;
  return node.op === "Clip" && links.floats(low)?.data[0] === 0 && isOpen;
}

/** How many inputs a channel becomes where `[N, C, …]` becomes `[N, C·…]`; undefined where it does not. */
function flattened(node: Node, { shapeOf }: PathContext): number | undefined {
  if (node.op !== "Flatten" && node.op !== "Reshape" && node.op !== "Squeeze") return undefined;
  const [, channels, ...rest] = shapeOf(node.inputs[0]) ?? [];
  const to = shapeOf(node.outputs[0]);
  if (typeof channels !== "number" || to?.length !== 2) return undefined;
  const inner = rest.reduce<number>(
    (n, dim) => n * (typeof dim === "number" ? dim : Number.NaN),
    1,
  );
  const isRow = node.op !== "Flatten" || intOf(node, "axis", 1) === 1;
  return isRow && to[1] === channels * inner ? inner : undefined;
}
