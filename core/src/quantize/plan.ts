import { floatOf, intOf } from "../graph/attributes.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { readsOfGraph } from "../graph/reads.ts";
import type { TensorOf } from "../graph/tensor.ts";
import type { Channels } from "./int8-params.ts";

/** A node that multiplies by weights, in the form that runtimes have int8 kernels for. */
export type WeightedNode = {
  readonly weight: TensorOf<"float32">;
  readonly bias?: TensorOf<"float32">;
  /** Axis of the weights that is the output channel. */
  readonly axis: number;
  readonly channels: Channels;
};

/** What a node is to quantization. */
export type Role =
  | { readonly kind: "weighted"; readonly site: WeightedNode }
  /** Computes on integers with ranges of its own: sums and averages. */
  | { readonly kind: "computed" }
  /** Gives out values that came in, so that in and out share a range. */
  | { readonly kind: "moving" }
  /** Cuts values off; its output's range makes the cut free after a weighted or computed node. */
  | { readonly kind: "rectifier" }
  | { readonly kind: "float" };

/** Which values become integers, and which of them share scale and zero point. */
export type QuantizationPlan = {
  readonly weighted: ReadonlyMap<Node, WeightedNode>;
  /** Group of each value that becomes integers; a group is named after its first value. */
  readonly groups: ReadonlyMap<string, string>;
  /** Values whose ranges together are the range of a group, by group. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
};

const float: Role = { kind: "float" };

const movingOperators: ReadonlySet<string> = new Set([
  ...["MaxPool", "Reshape", "Flatten", "Transpose", "Concat"],
  ...["Squeeze", "Unsqueeze", "Slice", "Gather", "Identity"],
]);

/** Tells what a node is to quantization, by structure alone: the values of weights do not matter. */
export function roleOf(node: Node, graph: Graph): Role {
  if (node.domain !== undefined || node.outputs.length !== 1) return float;
  if (movingOperators.has(node.op)) return { kind: "moving" };
  switch (node.op) {
    case "Conv":
    case "Gemm":
    case "MatMul": {
      const site = weightedNode(node, graph);
      return site === undefined ? float : { kind: "weighted", site };
    }
    case "Relu":
      return { kind: "rectifier" };
    case "Clip":
      return node.inputs.slice(1).every((name) => name === "" || graph.initializers.has(name))
        ? { kind: "rectifier" }
        : float;
    case "Add":
    case "AveragePool":
    case "GlobalAveragePool":
      return { kind: "computed" };
    default:
      return float;
  }
}

function weightedNode(node: Node, graph: Graph): WeightedNode | undefined {
  const weight = graph.initializers.get(node.inputs[1] ?? "");
  const bias = graph.initializers.get(node.inputs[2] ?? "");
  const hasBias = (node.inputs[2] ?? "") !== "";
  if (weight?.dtype !== "float32" || graph.initializers.has(node.inputs[0] ?? "")) return undefined;
  const axis = channelAxis(node, weight.shape);
  if (axis === undefined) return undefined;
  const channels = weight.shape[axis] ?? 1;
  if (hasBias && (bias?.dtype !== "float32" || String(bias.shape) !== String(channels))) {
    return undefined;
  }
  const stride = weight.shape.slice(axis + 1).reduce((n, dim) => n * dim, 1);
  return {
    weight,
    axis,
    channels: { channels, stride },
    ...(bias?.dtype === "float32" ? { bias } : {}),
  };
}

function channelAxis(node: Node, shape: readonly number[]): number | undefined {
  if (node.op === "Conv") return 0;
  if (shape.length !== 2) return undefined;
  if (node.op === "MatMul") return 1;
  const isPlain =
    floatOf(node, "alpha", 1) === 1 &&
    floatOf(node, "beta", 1) === 1 &&
    intOf(node, "transA", 0) === 0;
  if (!isPlain) return undefined;
  return intOf(node, "transB", 0) === 1 ? 0 : 1;
}

/**
 * Plans the quantization of a simplified graph.
 *
 * @param isFloat Nodes that stay in float whatever they are.
 */
export function planQuantization(
  graph: Graph,
  isFloat: (node: Node) => boolean = () => false,
): QuantizationPlan {
  const roles = new Map(
    graph.nodes.map((node) => [node, isFloat(node) ? float : roleOf(node, graph)] as const),
  );
  const carried = carriedValues(graph, roles);
  const fused = fusedValues(graph, roles, carried);
  const groups = new Map<string, string>();
  const sources = new Map<string, string[]>();
  const start = (value: string): void => {
    groups.set(value, value);
    sources.set(value, [value]);
  };
  const isQuantized = (value: string): boolean => carried.has(value) && !fused.has(value);
  for (const { name } of graph.inputs) if (isQuantized(name)) start(name);
  for (const node of graph.nodes) {
    const [output = ""] = node.outputs;
    const inputs = dataInputs(node).filter((name) => groups.has(name));
    for (const name of node.outputs.filter(isQuantized)) {
      const moves = roles.get(node)?.kind === "moving" && inputs.length === dataInputs(node).length;
      if (!moves) start(name);
    }
    if (roles.get(node)?.kind === "moving" && isQuantized(output) && !groups.has(output)) {
      groups.set(output, joinGroups(inputs, groups, sources));
    }
  }
  const weighted = new Map(
    [...roles].flatMap(([node, role]) =>
      role.kind === "weighted" ? [[node, role.site] as const] : [],
    ),
  );
  return { weighted, groups, sources };
}

/** Makes the groups of some values one and returns its name. */
function joinGroups(
  values: readonly string[],
  groups: Map<string, string>,
  sources: Map<string, string[]>,
): string {
  const names = [...new Set(values.map((value) => groups.get(value) ?? value))];
  const [first = "", ...rest] = names;
  const absorbed = new Set(rest);
  for (const name of rest) {
    sources.get(first)?.push(...(sources.get(name) ?? []));
    sources.delete(name);
  }
  for (const [value, group] of groups) if (absorbed.has(group)) groups.set(value, first);
  return first;
}

/** Inputs that carry data: not target shapes, indices or bounds. */
const dataInputs = (node: Node): readonly string[] =>
  node.op === "Concat" || node.op === "Add" ? node.inputs : node.inputs.slice(0, 1);

type Roles = ReadonlyMap<Node, Role>;

/** Values that are integers at some point: read by a weighted node, or made from such by nodes with int8 kernels. */
function carriedValues(graph: Graph, roles: Roles): ReadonlySet<string> {
  const kindOf = (node: Node): Role["kind"] => roles.get(node)?.kind ?? "float";
  const useful = new Set<string>();
  for (const node of graph.nodes.toReversed()) {
    const kind = kindOf(node);
    const leads = kind !== "float" && node.outputs.some((name) => useful.has(name));
    if (kind === "weighted" || leads) for (const name of dataInputs(node)) useful.add(name);
  }
  const carried = new Set(
    graph.nodes.flatMap((node) => (kindOf(node) === "weighted" ? dataInputs(node) : [])),
  );
  for (const node of graph.nodes) {
    const kind = kindOf(node);
    const [output = ""] = node.outputs;
    const fromIntegers = kind !== "float" && dataInputs(node).every((name) => carried.has(name));
    // A product whose result nobody needs as integers gives floats without rounding once more.
    const makes = kind === "weighted" ? node.op === "Conv" || useful.has(output) : fromIntegers;
    if (makes) carried.add(output);
  }
  return carried;
}

/** Results of weighted and computed nodes that only a rectifier reads: rounded once, after it. */
function fusedValues(
  graph: Graph,
  roles: Roles,
  carried: ReadonlySet<string>,
): ReadonlySet<string> {
  const reads = new Map<string, number>();
  for (const name of readsOfGraph(graph)) reads.set(name, (reads.get(name) ?? 0) + 1);
  const makers = new Set(
    graph.nodes.flatMap((node) => {
      const kind = roles.get(node)?.kind;
      return kind === "weighted" || kind === "computed" ? node.outputs : [];
    }),
  );
  return new Set(
    graph.nodes.flatMap((node) => {
      const [input = ""] = node.inputs;
      const isRectifier = roles.get(node)?.kind === "rectifier";
      const alone = reads.get(input) === 1 && makers.has(input) && carried.has(input);
      return isRectifier && alone ? [input] : [];
    }),
  );
}
