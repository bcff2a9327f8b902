import type { Graph, Node } from "../graph/graph.ts";
import { simplify } from "../graph/simplify.ts";
import { movingOperators, roleOf, weightedOperators } from "./roles.ts";

/**
 * Tells which nodes stay in float when a graph is quantized, and why. Nodes that are folded or dropped first are not
 * among them, nor those that an int8 model has in integers already.
 */
export function quantizationRefusals(graph: Graph): ReadonlyMap<Node, string> {
  const kept = new Set(simplify(graph).nodes.map(keyOf));
  const integers = new Set(
    graph.nodes
      .filter(({ op, domain }) => domain === undefined && op === "DequantizeLinear")
      .flatMap(({ outputs }) => outputs),
  );
  return new Map(
    graph.nodes.flatMap((node): [Node, string][] => {
      const isDone = isMarker(node) || node.inputs.some((name) => integers.has(name));
      const reason = isDone || !kept.has(keyOf(node)) ? undefined : whyFloat(node, graph);
      return reason === undefined ? [] : [[node, reason]];
    }),
  );
}

/** What a node is, whatever names it reads: passes that drop others change those. */
const keyOf = ({ op, outputs }: Node): string => `${op} ${outputs.join(" ")}`;

const isMarker = ({ op, domain }: Node): boolean =>
  domain === undefined && (op === "QuantizeLinear" || op === "DequantizeLinear");

function whyFloat(node: Node, graph: Graph): string | undefined {
  if (roleOf(node, graph).kind !== "float") return undefined;
  if (node.domain !== undefined) return "the operator is not a standard one";
  if (weightedOperators.has(node.op)) {
    return "its weights and bias must be float32 constants, its attributes plain";
  }
  if (movingOperators.has(node.op)) return "what comes out is not all among what came in";
  if (node.op === "Clip") return "its limits must be constants";
  return "no runtime has an integer kernel for the operator";
}
