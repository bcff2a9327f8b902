import type { Node } from "../../graph/graph.ts";
import { EdgeloopError } from "../../platform/errors.ts";

/** Refuses a node that a .tflite file cannot say, with the reason. */
export const refusal = (node: Node, reason: string): EdgeloopError => {
  const name = node.name === "" ? (node.outputs.find(Boolean) ?? "") : node.name;
  return new EdgeloopError(
    "TFLITE_UNSUPPORTED",
    `node "${name}" (${node.op}) cannot be written to .tflite: ${reason}`,
    { details: { node: name, op: node.op, reason } },
  );
};
