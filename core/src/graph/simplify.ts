import { foldAffine } from "./fold-affine.ts";
import type { Graph, Node } from "./graph.ts";
import { readsOf } from "./reads.ts";
import { renameValues } from "./rename.ts";

/**
 * Makes a graph smaller that computes the same: folds BatchNormalization in inference mode, and products and
 * sums with constants, into the convolution or matrix product before them, drops identities, and drops nodes and weights that no output needs. Inputs stay, used or
 * not. Names of outputs and of kept weights stay.
 *
 * @example
 * const b = graphBuilder("g");
 * const x = b.input({ name: "x", dtype: "float32", shape: [2] });
 * b.add("Exp", [x]);
 * b.output({ name: b.add("Neg", [b.add("Identity", [x])]), dtype: "float32" });
 * simplify(b.build()).nodes.map((node) => node.op); // => ["Neg"]
 */
export const simplify = (graph: Graph): Graph =>
  dropUnused(foldAffine(dropIdentities(dropUnused(graph))));

/** Removes nodes and initialisers that no output needs. */
export function dropUnused(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    nodes.push(node);
    for (const name of readsOf(node)) needed.add(name);
  }
  return {
    ...graph,
    nodes: nodes.toReversed(),
    initializers: new Map([...graph.initializers].filter(([name]) => needed.has(name))),
  };
}

/** Nodes that give out what they take in. Dropout is one outside training, which needs its third input. */
const isIdentity = (node: Node): boolean =>
  node.domain === undefined &&
  (node.op === "Identity" || (node.op === "Dropout" && node.inputs.length < 3)) &&
  node.outputs.slice(1).every((name) => name === "");

/** Reads past identities. One that makes a graph output stays. */
function dropIdentities(graph: Graph): Graph {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const sources = new Map<string, string>();
  const nodes = graph.nodes.filter((node) => {
    const [from = ""] = node.inputs;
    const [to = ""] = node.outputs;
    if (!isIdentity(node) || outputs.has(to)) return true;
    sources.set(to, sources.get(from) ?? from);
    return false;
  });
  if (sources.size === 0) return graph;
  return renameValues({ ...graph, nodes }, (name) => sources.get(name) ?? name);
}
