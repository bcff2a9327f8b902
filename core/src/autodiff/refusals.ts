import { graphBuilder } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { inferKnown } from "../graph/infer.ts";
import { readsOf } from "../graph/reads.ts";
import { unrollRecurrence } from "../graph/unroll-recurrence.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Values } from "./backward.ts";
import { emitter } from "./emitter.ts";
import { gradientOf } from "./gradients.ts";
import { gradientUnsupported, ruleContext } from "./rule.ts";
import { isSmooth } from "./smooth.ts";
import { settingsFrom } from "./weights-of.ts";

/**
 * Tells which nodes a gradient could not pass, and why: what `differentiate` would say, for all of them at once.
 * Nodes that no float input and no weight reaches are not passed, so they are not among them.
 */
export function gradientRefusals(graph: Graph): ReadonlyMap<Node, string> {
  const values = inferKnown(graph);
  const reached = reachedBy(graph, values);
  const emit = emitter(graphBuilder(graph), "grad");
  const pass = (node: Node, ups: readonly (string | undefined)[]): void => {
    if (isRecurrent(node)) {
      unrollRecurrence(aloneOf(node, graph, values));
      return;
    }
    const rule = (node.domain ?? "") === "" ? gradientOf(node.op) : undefined;
    if (rule === undefined) throw gradientUnsupported(node, withoutRow);
    const info = (name: string) => values.get(name);
    const constant = (name: string) => graph.initializers.get(name);
    const gradients = rule(ruleContext({ node, ups, emit, info, constant }));
    for (const [index, name] of node.inputs.entries()) if (reached.has(name)) gradients[index]?.();
  };
  return new Map(
    graph.nodes.flatMap((node): [Node, string][] => {
      const ups = node.outputs.map((name) => (reached.has(name) ? name : undefined));
      const isPassed = ups.some((up) => up !== undefined);
      const reason = isPassed ? refusalOf(() => pass(node, ups)) : undefined;
      return reason === undefined ? [] : [[node, reason]];
    }),
  );
}

const withoutRow = "the operator has no row in the gradient table";

const isRecurrent = ({ op, domain }: Node): boolean =>
  domain === undefined && ["RNN", "GRU", "LSTM"].includes(op);

/** A graph of one node: what it takes in are inputs, but for constants. */
function aloneOf(node: Node, graph: Graph, values: Values): Graph {
  const given = [...new Set(node.inputs)].filter((name) => name !== "");
  return {
    name: "",
    inputs: given.flatMap((name) => {
      const info = values.get(name);
      return info === undefined || graph.initializers.has(name) ? [] : [{ ...info, name }];
    }),
    outputs: [],
    nodes: [node],
    initializers: new Map(
      given.flatMap((name) => {
        const tensor = graph.initializers.get(name);
        return tensor === undefined ? [] : [[name, tensor]];
      }),
    ),
  };
}

/** Values that depend smoothly on float inputs or on weights; numbers by themselves are none. */
function reachedBy(graph: Graph, values: Values): ReadonlySet<string> {
  const reached = new Set(
    graph.inputs.filter(({ dtype }) => dtype.startsWith("float")).map(({ name }) => name),
  );
  const settings = new Set(
    graph.nodes.flatMap(({ op, inputs }) => inputs.slice(settingsFrom.get(op) ?? inputs.length)),
  );
  for (const [name, { dtype, shape }] of graph.initializers) {
    if (dtype.startsWith("float") && shape.length > 0 && !settings.has(name)) reached.add(name);
  }
  for (const node of graph.nodes) {
    if (!readsOf(node).some((name) => reached.has(name))) continue;
    for (const name of node.outputs) {
      if (name !== "" && isSmooth(node, values.get(name)?.dtype)) reached.add(name);
    }
  }
  return reached;
}

function refusalOf(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (!(error instanceof EdgeloopError)) throw error;
    const { reason } = error.details;
    return typeof reason === "string" ? reason : error.message;
  }
}
