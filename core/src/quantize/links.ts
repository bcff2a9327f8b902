import type { Graph, Node } from "../graph/graph.ts";
import { readsOf } from "../graph/reads.ts";
import type { TensorOf } from "../graph/tensor.ts";

/** Who makes and who reads the values of a graph. */
export type Links = {
  /** The node that makes a value; undefined for inputs and initialisers. */
  maker(name: string | undefined): Node | undefined;
  /** The nodes that read a value, once for each time. */
  readers(name: string | undefined): readonly Node[];
  /** A float32 initialiser. */
  floats(name: string | undefined): TensorOf<"float32"> | undefined;
  /** Whether a value is an output of the graph. */
  isOutput(name: string): boolean;
};

/** Finds out who makes and who reads the values of a graph. */
export function linksOf(graph: Graph): Links {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const readers = Map.groupBy(
    graph.nodes.flatMap((node) => readsOf(node).map((name) => ({ name, node }))),
    ({ name }) => name,
  );
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  return {
    maker: (name) => makers.get(name ?? ""),
    readers: (name) => (readers.get(name ?? "") ?? []).map(({ node }) => node),
    floats: (name) => {
      const tensor = graph.initializers.get(name ?? "");
      return tensor?.dtype === "float32" ? tensor : undefined;
    },
    isOutput: (name) => outputs.has(name),
  };
}
