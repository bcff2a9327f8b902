import type { GraphBuilder } from "./builder.ts";
import { graphBuilder } from "./builder.ts";
import type { Attribute, Graph, Node } from "./graph.ts";
import { rewritesOf } from "./opset-rewrites.ts";
import { normaliseSoftmax, softmaxChanged } from "./opset-softmax.ts";
import { nodeInvalid } from "./structure.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

/** The oldest standard opset that is read: since 7 broadcasting is numpy's. */
export const opsetReadMin = 7;
/** The newest standard opset that is read. */
export const opsetReadMax = 23;

/**
 * Brings a graph as it was read to the internal opset; Constant nodes become initialisers.
 *
 * @throws `ONNX_OPSET_UNSUPPORTED` for an operator whose old form has no rewrite, `GRAPH_INVALID`.
 */
export function normaliseOpset(graph: Graph, opset: number): Graph {
  const builder = graphBuilder({ ...graph, nodes: graph.nodes.filter(isNotConstant) });
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    if (isNotConstant(node)) nodes.push(...normaliseNode(node, opset, builder));
    else builder.initializer(node.outputs[0] ?? "", constantOf(node));
  }
  const normalised = { ...builder.build(), nodes };
  return opset < softmaxChanged ? normaliseSoftmax(normalised) : normalised;
}

function normaliseNode(original: Node, opset: number, builder: GraphBuilder): readonly Node[] {
  const node = hasBody(original) ? withBodies(original, opset) : original;
  if (node.domain !== undefined) return [node];
  const applied = rewritesOf(node.op).filter(({ below }) => opset < below);
  return applied.reduce<readonly Node[]>(
    (nodes, { apply }) =>
      nodes.flatMap((each) => (each === nodes.at(-1) ? apply(each, builder) : each)),
    [node],
  );
}

const isNotConstant = (node: Node): boolean => node.op !== "Constant" || node.domain !== undefined;

const hasBody = (node: Node): boolean =>
  Object.values(node.attributes).some(({ kind }) => kind === "graph");

const withBodies = (node: Node, opset: number): Node => ({
  ...node,
  attributes: Object.fromEntries(
    Object.entries(node.attributes).map(([name, attribute]) => [
      name,
      attribute.kind === "graph"
        ? { ...attribute, value: normaliseOpset(attribute.value, opset) }
        : attribute,
    ]),
  ),
});

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
