import type { Graph, Node } from "./graph.ts";

/**
 * Lists the values that a node reads, those that bodies of control flow take from around them included.
 * One that is left out is `""`; one that is read twice stands twice.
 */
export function readsOf(node: Node): readonly string[] {
  const bodies = Object.values(node.attributes).flatMap((attribute) =>
    attribute.kind === "graph" ? readsOfGraph(attribute.value) : [],
  );
  return [...node.inputs, ...bodies];
}

/** Lists the values that nodes and outputs of a graph read. */
export const readsOfGraph = (graph: Graph): readonly string[] => [
  ...graph.nodes.flatMap(readsOf),
  ...graph.outputs.map(({ name }) => name),
];

/** Counts how often each value is read; being a graph's output counts as one read. */
export function usesOf(graph: Graph): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const name of readsOfGraph(graph)) uses.set(name, (uses.get(name) ?? 0) + 1);
  return uses;
}
