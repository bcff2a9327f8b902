import { EdgeloopError } from "../platform/errors.ts";
import { intOf, intsOf } from "./attributes.ts";
import type { GraphBuilder } from "./builder.ts";
import { graphBuilder, int } from "./builder.ts";
import type { Attribute, Graph, Node } from "./graph.ts";
import { opsetInternal } from "./graph.ts";
import { nodeInvalid } from "./structure.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

/** The oldest standard opset that is read. */
export const opsetReadMin = 13;

type Rewrite = {
  /** Forms below this opset are rewritten. */
  readonly below: number;
  readonly apply: (node: Node, builder: GraphBuilder) => Node;
};

const axesToInput: Rewrite["apply"] = (node, builder) => {
  const axes = intsOf(node, "axes");
  if (axes === undefined) return node;
  const name = builder.constant(i64(axes), `${node.outputs[0]}.axes`);
  return { ...without(node, "axes"), inputs: [...node.inputs, name] };
};

/** What changed between opset 13 and 21 for operators whose old form still means something. */
const rewrites: ReadonlyMap<string, Rewrite> = new Map<string, Rewrite>([
  ...["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"].map(
    (kind): [string, Rewrite] => [`Reduce${kind}`, { below: 18, apply: axesToInput }],
  ),
  [
    "Split",
    {
      below: 18,
      apply: (node) =>
        (node.inputs[1] ?? "") === ""
          ? withAttribute(node, "num_outputs", int(node.outputs.length))
          : node,
    },
  ],
  [
    "DFT",
    {
      below: 20,
      apply: (node, builder) => {
        const axis = builder.constant(i64([intOf(node, "axis", 1)], []), `${node.outputs[0]}.axis`);
        return {
          ...without(node, "axis"),
          inputs: [node.inputs[0] ?? "", node.inputs[1] ?? "", axis],
        };
      },
    },
  ],
]);

/** Operators whose meaning changed in a way that is not rewritten, by the opset that changed it. */
const changed: ReadonlyMap<string, number> = new Map([
  ["GroupNormalization", 21],
  ["GridSample", 20],
  ["Resize", 18],
]);

/**
 * Brings a graph as it was read to the internal opset; Constant nodes become initialisers.
 *
 * @throws `ONNX_OPSET_UNSUPPORTED` for an operator whose old form has no rewrite, `GRAPH_INVALID`.
 */
export function normaliseOpset(graph: Graph, opset: number): Graph {
  const builder = graphBuilder({ ...graph, nodes: graph.nodes.filter(isNotConstant) });
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    if (isNotConstant(node)) nodes.push(normaliseNode(node, opset, builder));
    else builder.initializer(node.outputs[0] ?? "", constantOf(node));
  }
  return { ...builder.build(), nodes };
}

function normaliseNode(original: Node, opset: number, builder: GraphBuilder): Node {
  const node = hasBody(original) ? withBodies(original, opset) : original;
  if (node.domain !== undefined) return node;
  if (opset < (changed.get(node.op) ?? 0)) {
    throw new EdgeloopError(
      "ONNX_OPSET_UNSUPPORTED",
      `${node.op} changed; convert the model to opset ${opsetInternal}`,
      { details: { op: node.op, node: node.name, opset } },
    );
  }
  const rewrite = rewrites.get(node.op);
  return rewrite !== undefined && opset < rewrite.below ? rewrite.apply(node, builder) : node;
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

const withAttribute = (node: Node, name: string, value: Attribute): Node => ({
  ...node,
  attributes: { ...node.attributes, [name]: value },
});

const without = (node: Node, name: string): Node => ({
  ...node,
  attributes: Object.fromEntries(
    Object.entries(node.attributes).filter(([other]) => other !== name),
  ),
});
