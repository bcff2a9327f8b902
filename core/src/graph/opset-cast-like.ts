import { int } from "./builder.ts";
import { dtypes } from "./dtypes.ts";
import type { Graph, Node } from "./graph.ts";
import { inferKnown } from "./infer.ts";

const isCastLike = ({ op, domain }: Node): boolean => domain === undefined && op === "CastLike";

/** Turns CastLike into Cast where the type to cast to can be told; passes need then know one operator. */
export function normaliseCastLike(graph: Graph): Graph {
  if (!graph.nodes.some(isCastLike)) return graph;
  const values = inferKnown(graph);
  const nodes = graph.nodes.map((node) => {
    const dtype = values.get(node.inputs[1] ?? "")?.dtype;
    if (!isCastLike(node) || dtype === undefined) return node;
    const { saturate } = node.attributes;
    const attributes = { to: int(dtypes[dtype].onnx), ...(saturate ? { saturate } : {}) };
    return { ...node, op: "Cast", inputs: node.inputs.slice(0, 1), attributes };
  });
  return { ...graph, nodes };
}
