import { graphBuilder } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { usesOf } from "./reads.ts";

/**
 * Swaps a Relu with the MaxPool that alone reads it: the largest of rectified values is the rectified largest.
 *
 * The same function and, with the first of equal maxima taking the whole gradient, the same gradient; but the Relu and
 * its gradient then go over the pooled values only, a half or a quarter.
 */
export function poolBeforeRelu(graph: Graph): Graph {
  const uses = usesOf(graph);
  const { fresh } = graphBuilder(graph);
  const poolOf = new Map<string, Node>();
  for (const node of graph.nodes) {
    const isPool = node.op === "MaxPool" && node.domain === undefined && node.outputs.length === 1;
    if (isPool && uses.get(node.inputs[0] ?? "") === 1) poolOf.set(node.inputs[0] ?? "", node);
  }
  const swapped = new Set<Node>();
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (swapped.has(node)) return [];
    const pool = node.op === "Relu" ? poolOf.get(node.outputs[0] ?? "") : undefined;
    if (pool === undefined) return [node];
    swapped.add(pool);
    const pooled = fresh(`${pool.outputs[0]}/before-relu`);
    return [
      { ...pool, inputs: node.inputs, outputs: [pooled] },
      { ...node, inputs: [pooled], outputs: pool.outputs },
    ];
  });
  return swapped.size === 0 ? graph : { ...graph, nodes };
}
