import type { Graph, Node } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import { hasCode } from "../platform/errors.ts";
import type { Links } from "./links.ts";
import { linksOf } from "./links.ts";

/**
 * Makes one Gemm of a product with weights and the bias that is added to it, so that the bias is part of the layer: it
 * becomes a 32-bit one, can be corrected, and lets scales through. The Gemm has the product's name and the sum's output.
 *
 * A graph with an operator whose shapes are unknown comes back as it is.
 *
 * @param stays Nodes that are left alone.
 */
export function joinBias(graph: Graph, stays: (node: Node) => boolean = () => false): Graph {
  const links = linksOf(graph);
  const sums = new Map(
    graph.nodes.flatMap((product) => {
      const sum = stays(product) ? undefined : sumOf(product, links);
      return sum === undefined || stays(sum.node) ? [] : [[product, sum] as const];
    }),
  );
  const ranks = sums.size === 0 ? undefined : ranksOf(graph);
  if (ranks === undefined) return graph;
  const joined = [...sums].filter(([{ inputs }]) => ranks.get(inputs[0] ?? "") === 2);
  const dropped = new Set(joined.map(([, { node }]) => node));
  const gemms = new Map(
    joined.map(([product, { node, bias }]): [Node, Node] => [
      product,
      { ...product, op: "Gemm", inputs: [...product.inputs, bias], outputs: node.outputs },
    ]),
  );
  const nodes = graph.nodes
    .filter((node) => !dropped.has(node))
    .map((node) => gemms.get(node) ?? node);
  return { ...graph, nodes };
}

/** The sum that alone reads a product with weights, and the list that it adds. */
function sumOf(
  { op, domain, inputs, outputs }: Node,
  links: Links,
): { readonly node: Node; readonly bias: string } | undefined {
  const [value = ""] = outputs;
  const weight = links.floats(inputs[1]);
  const [node, ...more] = links.readers(value);
  if (op !== "MatMul" || domain !== undefined || weight?.shape.length !== 2) return undefined;
  if (node?.op !== "Add" || more.length > 0 || links.isOutput(value)) return undefined;
  const bias = node.inputs.find((name) => name !== value) ?? "";
  const shape = links.floats(bias)?.shape;
  return String(shape) === String(weight.shape.slice(1)) ? { node, bias } : undefined;
}

function ranksOf(graph: Graph): ReadonlyMap<string, number | undefined> | undefined {
  try {
    return new Map([...inferValues(graph)].map(([name, { shape }]) => [name, shape?.length]));
  } catch (error) {
    if (hasCode(error, "OPERATOR_UNKNOWN")) return undefined;
    throw error;
  }
}
