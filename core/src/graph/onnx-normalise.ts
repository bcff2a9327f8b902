import type { GraphBuilder } from "./builder.ts";
import { graphBuilder } from "./builder.ts";
import type { Attribute, Graph, Node } from "./graph.ts";
import { normaliseAttention } from "./opset-attention.ts";
import { normaliseCastLike } from "./opset-cast-like.ts";
import { rewritesOf } from "./opset-rewrites.ts";
import { normaliseSoftmax, softmaxChanged } from "./opset-softmax.ts";
import { mapBodies, namesOfGraph } from "./reads.ts";
import { nodeInvalid } from "./structure.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

/** The oldest standard opset that is read: since 7 broadcasting is numpy's, and few forms of 6 differ. */
export const opsetReadMin = 6;
/** The newest standard opset that is read. */
export const opsetReadMax = 23;

/**
 * Brings a graph as it was read to the internal opset; Constant nodes become initialisers.
 *
 * @param own Opsets of nodes that are of another one than the graph: they come out of a function.
 * @throws `ONNX_OPSET_UNSUPPORTED` for an operator whose old form has no rewrite, `GRAPH_INVALID`.
 */
export const normaliseOpset = (
  graph: Graph,
  opset: number,
  own: ReadonlyMap<Node, number> = new Map(),
): Graph => normalise(graph, (node) => own.get(node) ?? opset, new Set(namesOfGraph(graph)));

type OpsetOf = (node: Node) => number;

/** New names must be free in the graphs around a body too. */
function normalise(graph: Graph, opsetOf: OpsetOf, reserved: Set<string>): Graph {
  const builder = graphBuilder({ ...graph, nodes: graph.nodes.filter(isNotConstant) }, reserved);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    if (!isNotConstant(node)) {
      builder.initializer(node.outputs[0] ?? "", constantOf(node));
      continue;
    }
    const opset = opsetOf(node);
    // A body is of the opset of the node around it.
    const whole = mapBodies(node, (body) => normalise(body, () => opset, reserved));
    nodes.push(...normaliseNode(whole, opset, builder));
  }
  const rewritten = { ...builder.build(), nodes };
  for (const name of namesOfGraph(rewritten)) reserved.add(name);
  const typed = normaliseAttention(normaliseCastLike(rewritten), reserved);
  return normaliseSoftmax(typed, (node) => opsetOf(node) < softmaxChanged, reserved);
}

function normaliseNode(node: Node, opset: number, builder: GraphBuilder): readonly Node[] {
  if (node.domain !== undefined) return [node];
  const applied = rewritesOf(node.op).filter(({ below }) => opset < below);
  return applied.reduce<readonly Node[]>(
    (nodes, { apply }) =>
      nodes.flatMap((each) => (each === nodes.at(-1) ? apply(each, builder) : each)),
    [node],
  );
}

const isNotConstant = (node: Node): boolean => node.op !== "Constant" || node.domain !== undefined;

function constantOf(node: Node): Tensor {
  const [attribute, ...rest] = Object.values(node.attributes);
  if (attribute === undefined || rest.length > 0 || node.outputs.length !== 1) {
    throw nodeInvalid(node, "a constant has one value and one output");
  }
  const tensor = tensorOfAttribute(attribute);
  if (tensor === undefined) throw nodeInvalid(node, "the value must be a tensor, number or text");
  return tensor;
}

function tensorOfAttribute(attribute: Attribute): Tensor | undefined {
  switch (attribute.kind) {
    case "tensor":
      return attribute.value;
    case "int":
      return i64([attribute.value], []);
    case "ints":
      return i64(attribute.value);
    case "float":
      return f32([attribute.value], []);
    case "floats":
      return f32(attribute.value);
    case "string":
      return { dtype: "string", shape: [], data: [attribute.value] };
    case "strings":
      return { dtype: "string", shape: [attribute.value.length], data: attribute.value };
    case "graph":
      return undefined;
  }
}
