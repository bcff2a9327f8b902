import type { Graph, Node } from "../graph/graph.ts";
import { movingOperators, roleOf, weightedOperators } from "./roles.ts";

/** Tells why a node stays in float when its graph is quantized; undefined when it has an int8 form there. */
export function whyFloat(node: Node, graph: Graph): string | undefined {
  if (roleOf(node, graph).kind !== "float") return undefined;
  if (node.domain !== undefined) return "the operator is not a standard one";
  if (weightedOperators.has(node.op)) {
    return "its weights and bias must be float32 constants, its attributes plain";
  }
  if (movingOperators.has(node.op)) return "what comes out is not all among what came in";
  if (node.op === "Clip") return "its limits must be constants";
  return "no runtime has an integer kernel for the operator";
}
