import type { Attribute, Graph, Node } from "./graph.ts";

/**
 * Lists the values that a node reads, those that bodies of control flow take from around them included.
 * One that is left out is `""`; one that is read twice stands twice.
 */
export function readsOf(node: Node): readonly string[] {
  return [...node.inputs, ...bodiesOf(node).flatMap(readsOfGraph)];
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

/** Lists every value name of a graph, those inside the bodies of control flow included. */
export const namesOfGraph = (graph: Graph): readonly string[] => [
  ...graph.inputs.map(({ name }) => name),
  ...graph.initializers.keys(),
  ...graph.nodes.flatMap((node) => [...node.outputs, ...bodiesOf(node).flatMap(namesOfGraph)]),
];

/** Lists the bodies of a node of control flow. */
export const bodiesOf = (node: Node): readonly Graph[] =>
  Object.values(node.attributes).flatMap((attribute) =>
    attribute.kind === "graph" ? [attribute.value] : [],
  );

/** Gives a node other bodies; everything else stays. */
export function mapBodies(node: Node, change: (body: Graph) => Graph): Node {
  if (bodiesOf(node).length === 0) return node;
  const attributes = Object.entries(node.attributes).map(
    ([name, attribute]): [string, Attribute] => [
      name,
      attribute.kind === "graph" ? { ...attribute, value: change(attribute.value) } : attribute,
    ],
  );
  return { ...node, attributes: Object.fromEntries(attributes) };
}
