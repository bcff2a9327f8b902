import { intOf } from "./attributes.ts";
import { graphBuilder, int } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { inferKnown } from "./infer.ts";

/** The opset from which a softmax is along one axis. */
export const softmaxChanged = 13;

const isSoftmax = ({ op, domain }: Node): boolean =>
  domain === undefined && (op === "Softmax" || op === "LogSoftmax");

/**
 * Gives softmaxes of an older opset today's meaning: then, all axes from `axis` (1 by default) on were one.
 *
 * Where `axis` is the last, which shapes tell, that is the same; elsewhere the value is flattened and reshaped back.
 */
export function normaliseSoftmax(
  graph: Graph,
  isOld: (node: Node) => boolean,
  reserved: ReadonlySet<string> = new Set(),
): Graph {
  if (!graph.nodes.some((node) => isSoftmax(node) && isOld(node))) return graph;
  const values = inferKnown(graph);
  const builder = graphBuilder({ ...graph, nodes: [] }, reserved);
  for (const node of graph.nodes) {
    if (!isSoftmax(node) || !isOld(node)) {
      builder.push(node);
      continue;
    }
    const axis = intOf(node, "axis", 1);
    const rank = values.get(node.inputs[0] ?? "")?.shape?.length;
    if (axis === -1 || axis + 1 === rank) {
      builder.push({ ...node, attributes: { axis: int(-1) } });
      continue;
    }
    const [x = "", y = ""] = [node.inputs[0], node.outputs[0]];
    const shape = builder.add("Shape", [x], { name: `${y}.shape` });
    const flat = builder.add("Flatten", [x], {
      name: `${y}.flat`,
      attributes: { axis: int(axis) },
    });
    const rows = builder.add(node.op, [flat], {
      name: `${y}.rows`,
      attributes: { axis: int(-1) },
    });
    builder.push({ ...node, op: "Reshape", inputs: [rows, shape], attributes: {} });
  }
  return builder.build();
}
