import { intOf } from "./attributes.ts";
import type { GraphBuilder } from "./builder.ts";
import { graphBuilder } from "./builder.ts";
import type { Dim, Graph, Node } from "./graph.ts";
import { inferKnown } from "./infer.ts";
import { i64 } from "./tensor.ts";

/**
 * Pads the input channels of convolutions that onnxruntime's WebGPU kernel computes wrongly to a multiple of four, with
 * zeros in input and weights: the same sums.
 *
 * Wrong are more than three input channels that three divides and four does not (6, 9, 15, 18, 21 …), when four divides
 * the output channels (microsoft/onnxruntime#29651, measured with 1.30).
 */
export function padConvChannels(graph: Graph): Graph {
  const values = inferKnown(graph);
  const builder = graphBuilder({ ...graph, nodes: [] });
  let padded = 0;
  for (const node of graph.nodes) {
    const shape = values.get(node.inputs[1] ?? "")?.shape ?? [];
    const missing = isConv(node) && isComputedWrongly(shape) ? 4 - (Number(shape[1]) % 4) : 0;
    padded += missing;
    builder.push(missing === 0 ? node : paddedConv(builder, node, { rank: shape.length, missing }));
  }
  return padded === 0 ? graph : builder.build();
}

const isConv = (node: Node): boolean =>
  node.op === "Conv" && node.domain === undefined && intOf(node, "group", 1) === 1;

/** Tells it from the weights' shape, `[out, in, …kernel]`. */
const isComputedWrongly = ([to, from]: readonly Dim[]): boolean =>
  typeof to === "number" &&
  typeof from === "number" &&
  from > 3 &&
  from % 3 === 0 &&
  from % 4 !== 0 &&
  to % 4 === 0;

function paddedConv(
  builder: GraphBuilder,
  node: Node,
  { rank, missing }: { readonly rank: number; readonly missing: number },
): Node {
  // Zeros at the end of axis 1 of input and weights alike, both `[…, channel, …space]`.
  const pads = Array.from({ length: 2 * rank }, (_, at) => (at === rank + 1 ? missing : 0));
  const amounts = builder.constant(i64(pads), `${node.name}.channels`);
  const [x = "", w = "", ...bias] = node.inputs;
  const pad = (value: string): string =>
    builder.add("Pad", [value, amounts], { name: `${value}.padded` });
  return { ...node, inputs: [pad(x), pad(w), ...bias] };
}
