import type { Graph, Node } from "../graph/graph.ts";
import { readsOfGraph } from "../graph/reads.ts";
import type { Role, WeightedNode } from "./roles.ts";
import { dataInputs, fixedRanges, roleOf } from "./roles.ts";

/** Which values become integers, and which of them share scale and zero point. */
export type QuantizationPlan = {
  /** Whether a node was to stay in float whatever it is. */
  readonly isFloat: (node: Node) => boolean;
  readonly weighted: ReadonlyMap<Node, WeightedNode>;
  /** Group of each value that becomes integers; a group is named after its first value. */
  readonly groups: ReadonlyMap<string, string>;
  /** Values whose ranges together are the range of a group, by group. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
};

/** What is planned differently from the rule. */
export type PlanOptions = {
  /** Nodes that stay in float whatever they are. */
  readonly isFloat?: (node: Node) => boolean;
  /** Whether as much as possible becomes integers, inputs and results of the graph too. */
  readonly whole?: boolean;
};

/** Plans the quantization of a simplified graph. */
export function planQuantization(graph: Graph, options: PlanOptions = {}): QuantizationPlan {
  const { isFloat = () => false, whole = false } = options;
  const roles: Roles = new Map(
    graph.nodes.map((node) => {
      const role: Role = isFloat(node) ? { kind: "float" } : roleOf(node, graph, { whole });
      return [node, role] as const;
    }),
  );
  const carried = carriedValues(graph, roles, whole);
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
    const results = node.outputs.filter(isQuantized);
    const kind = roles.get(node)?.kind ?? "float";
    const inputs = dataInputs(node, kind);
    if (kind !== "moving" || !inputs.every((name) => groups.has(name))) {
      results.forEach(start);
    } else if (results.length > 0) {
      const group = joinGroups(inputs, groups, sources);
      for (const name of results) groups.set(name, group);
    }
  }
  const weighted = new Map(
    [...roles].flatMap(([node, role]) =>
      role.kind === "weighted" ? [[node, role.site] as const] : [],
    ),
  );
  return { isFloat, weighted, groups, sources };
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

type Roles = ReadonlyMap<Node, Role>;

type KindOf = (node: Node) => Role["kind"];

/** Values that are integers at some point: read by a weighted node, or made from such by nodes with int8 kernels. */
function carriedValues(graph: Graph, roles: Roles, whole: boolean): ReadonlySet<string> {
  const kindOf: KindOf = (node) => roles.get(node)?.kind ?? "float";
  const isAnchor = (node: Node): boolean =>
    whole ? kindOf(node) !== "float" : kindOf(node) === "weighted";
  const useful = usefulValues(graph, { kindOf, isAnchor, whole });
  const carried = new Set(
    graph.nodes
      .filter(isAnchor)
      .flatMap((node) => dataInputs(node, kindOf(node)))
      .filter((name) => !graph.initializers.has(name)),
  );
  const makesIntegers = (node: Node): boolean => {
    const kind = kindOf(node);
    // A product whose result nobody needs as integers gives floats without rounding once more.
    const isUseful = node.outputs.some((name) => useful.has(name));
    if (kind === "weighted") return node.op === "Conv" || isUseful;
    // Nor are probabilities rounded that leave the graph.
    if (Object.hasOwn(fixedRanges, node.op) && !isUseful) return false;
    return kind !== "float" && dataInputs(node, kind).every((name) => carried.has(name));
  };
  for (const node of graph.nodes) {
    if (makesIntegers(node)) for (const name of node.outputs) carried.add(name);
  }
  return carried;
}

/** Values from which a node that wants integers gets its own. */
function usefulValues(
  graph: Graph,
  parts: {
    readonly kindOf: KindOf;
    readonly isAnchor: (node: Node) => boolean;
    readonly whole: boolean;
  },
): ReadonlySet<string> {
  const { kindOf, isAnchor, whole } = parts;
  const useful = new Set(whole ? graph.outputs.map(({ name }) => name) : []);
  for (const node of graph.nodes.toReversed()) {
    const kind = kindOf(node);
    const leads = kind !== "float" && node.outputs.some((name) => useful.has(name));
    if (isAnchor(node) || leads) for (const name of dataInputs(node, kind)) useful.add(name);
  }
  return useful;
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
