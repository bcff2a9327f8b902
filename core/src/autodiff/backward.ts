import type { Graph, Node, ValueInfo } from "../graph/graph.ts";
import { readsOf } from "../graph/reads.ts";
import type { Emitter } from "./emitter.ts";
import { gradientOf } from "./gradients.ts";
import type { Recompute } from "./recompute.ts";
import { keepAll } from "./recompute.ts";
import { gradientUnsupported, ruleContext } from "./rule.ts";
import { isSmooth } from "./smooth.ts";

/** What is known of the values of a graph, by name. */
export type Values = ReadonlyMap<string, Omit<ValueInfo, "name">>;

/** What the walk starts from and what it is to find. */
export type BackwardOptions = {
  readonly graph: Graph;
  readonly values: Values;
  /** Gradients that arrive from outside: value name to gradient name. */
  readonly seeds: ReadonlyMap<string, string>;
  /** Values whose gradients are asked for. */
  readonly wrt: ReadonlySet<string>;
  /** What of the forward pass is made again; nothing when absent. */
  readonly recompute?: Recompute;
};

/**
 * Walks a graph from its end to its start and emits gradients; a value used twice gets the sum.
 *
 * @returns Gradient names by value name, for each of `wrt` that influences a seeded value.
 * @throws `GRADIENT_UNSUPPORTED` naming a node that the gradient would have to pass and why it cannot.
 */
export function backward(emit: Emitter, options: BackwardOptions): ReadonlyMap<string, string> {
  const { graph, values, recompute = keepAll } = options;
  const reached = dependents(options);
  const gradients = new Map(options.seeds);
  const arrive = (name: string, gradient: string): void => {
    const sum = gradients.get(name);
    gradients.set(name, sum === undefined ? gradient : emit.op("Add", [sum, gradient]));
  };
  const info = (name: string) => values.get(recompute.original(name));
  const constant = (name: string) => graph.initializers.get(name);

  for (const node of graph.nodes.toReversed()) {
    const ups = node.outputs.map((name) => (reached.has(name) ? gradients.get(name) : undefined));
    if (ups.every((up) => up === undefined)) continue;
    const seen = recompute.seen(node, ups);
    const inputs = ruleOf(node)(ruleContext({ node: seen, ups, emit, info, constant }));
    for (const [index, name] of node.inputs.entries()) {
      const gradient = inputs[index];
      if (gradient !== undefined && reached.has(name)) arrive(name, gradient());
    }
  }
  return new Map([...gradients].filter(([name]) => options.wrt.has(name)));
}

function ruleOf(node: Node) {
  const rule = (node.domain ?? "") === "" ? gradientOf(node.op) : undefined;
  if (rule === undefined)
    throw gradientUnsupported(node, "the operator has no row in the gradient table");
  return rule;
}

/** Values that depend smoothly on `wrt`. Integers and booleans do not, but for what QuantizeLinear gives. */
function dependents({ graph, values, wrt }: BackwardOptions): ReadonlySet<string> {
  const reached = new Set(wrt);
  for (const node of graph.nodes) {
    // What a body takes from around it counts too, or the gradient through it would silently be 0.
    if (!readsOf(node).some((name) => reached.has(name))) continue;
    for (const name of node.outputs) {
      if (name !== "" && isSmooth(node, values.get(name)?.dtype)) reached.add(name);
    }
  }
  return reached;
}
