import { EdgeloopError } from "../platform/errors.ts";
import type { GraphBuilder } from "./builder.ts";
import type { Node } from "./graph.ts";

/** How an operator's older form becomes today's. */
export type Rewrite = {
  /** Forms below this opset are rewritten. */
  readonly below: number;
  /** The nodes in its place, in order; a rewrite that follows gets the last. */
  readonly apply: (node: Node, builder: GraphBuilder) => readonly Node[];
};

/** Takes attributes away. */
export const without = (node: Node, ...names: readonly string[]): Node => ({
  ...node,
  attributes: Object.fromEntries(
    Object.entries(node.attributes).filter(([name]) => !names.includes(name)),
  ),
});

/** Makes the error of an operator whose form has no counterpart in the internal opset. */
export const refused = (node: Node, why: string): EdgeloopError =>
  new EdgeloopError("ONNX_OPSET_UNSUPPORTED", `${node.op} ${why}`, {
    details: { op: node.op, node: node.name },
  });
