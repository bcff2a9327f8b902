import { gradientRefusals } from "@edgeloop/core/autodiff";
import type { Graph, Node } from "@edgeloop/core/graph";
import { bodiesOf, operatorOf } from "@edgeloop/core/graph";
import { quantizationRefusals } from "@edgeloop/core/quantize";

/** How often an operator stands in a graph, and what can be made of it. */
export type OperatorUse = {
  readonly operator: string;
  readonly nodes: number;
  /** Whether a gradient passes all of its nodes, or need not pass them. */
  readonly differentiable: boolean;
  readonly gradientNodes: number;
  /** How many of its nodes have an int8 form where they stand. */
  readonly int8Nodes: number;
};

/** A node for which something cannot be done, and why. */
export type Refusal = { readonly node: string; readonly operator: string; readonly reason: string };

/** What a graph's operators are, and what can be made of them. */
export type OperatorUses = {
  readonly operators: readonly OperatorUse[];
  readonly unknown: readonly string[];
  readonly notDifferentiable: readonly Refusal[];
  readonly notQuantizable: readonly Refusal[];
};

const nameOf = ({ op, domain }: Node): string => (domain ? `${domain}.${op}` : op);

/** Tells what a graph's operators are, those in bodies of control flow included, and what can be made of them. */
export function operatorUses(graph: Graph): OperatorUses {
  const gradients = new Map(gradientRefusals(graph));
  const floats = new Map(quantizationRefusals(graph));
  const inside = insideBodies(graph.nodes);
  for (const node of inside) {
    gradients.set(node, "it is inside a body of control flow");
    floats.set(node, "it is inside a body of control flow");
  }
  const nodes = [...graph.nodes, ...inside];
  const groups = [...Map.groupBy(nodes, nameOf)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    operators: groups.map(([operator, each]) => {
      const gradientNodes = each.filter((node) => !gradients.has(node)).length;
      return {
        operator,
        nodes: each.length,
        differentiable: gradientNodes === each.length,
        gradientNodes,
        int8Nodes: each.filter((node) => !floats.has(node)).length,
      };
    }),
    unknown: groups.flatMap(([operator, [node]]) => (node && operatorOf(node) ? [] : [operator])),
    notDifferentiable: refusalsOf(gradients),
    notQuantizable: refusalsOf(floats),
  };
}

const insideBodies = (nodes: readonly Node[]): readonly Node[] =>
  nodes.flatMap(bodiesOf).flatMap((body) => [...body.nodes, ...insideBodies(body.nodes)]);

const refusalsOf = (reasons: ReadonlyMap<Node, string>): readonly Refusal[] =>
  [...reasons].map(([node, reason]) => ({
    node: node.name || (node.outputs[0] ?? ""),
    operator: nameOf(node),
    reason,
  }));
