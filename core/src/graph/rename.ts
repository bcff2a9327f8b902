import type { Attribute, Graph, Node } from "./graph.ts";

/**
 * Renames values of a graph, in the bodies of control flow too.
 *
 * @param nameOf Gives a value's new name; called for every value name but `""`.
 */
export function renameValues(graph: Graph, nameOf: (name: string) => string): Graph {
  const rename = (name: string): string => (name === "" ? name : nameOf(name));
  const renameAttribute = (attribute: Attribute): Attribute =>
    attribute.kind === "graph"
      ? { ...attribute, value: renameValues(attribute.value, nameOf) }
      : attribute;
  const renameNode = (node: Node): Node => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: Object.fromEntries(
      Object.entries(node.attributes).map(([name, value]) => [name, renameAttribute(value)]),
    ),
  });
  return {
    ...graph,
    inputs: graph.inputs.map((info) => ({ ...info, name: rename(info.name) })),
    outputs: graph.outputs.map((info) => ({ ...info, name: rename(info.name) })),
    nodes: graph.nodes.map(renameNode),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [rename(name), tensor])),
  };
}
