import { EdgeloopError } from "../platform/errors.ts";
import { differ } from "./dims.ts";
import type { Graph, Node, ValueInfo } from "./graph.ts";
import type { Element, Known } from "./operator.ts";
import { elementsMax, known } from "./operator.ts";
import { operatorOf } from "./operators.ts";
import { nodeInvalid } from "./structure.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Tells dtype and shape of every value before anything runs. Named dimensions stay names (`"N"`), also through the
 * integer arithmetic on shapes; a dimension that cannot be told is named after its value and axis.
 *
 * @returns By value name, in the order of assignment: inputs, initialisers, nodes' outputs.
 * @throws `OPERATOR_UNKNOWN` naming the node, `GRAPH_INVALID` naming the node whose inputs do not fit.
 * @example
 * const b = graphBuilder("g");
 * const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 8] });
 * const y = b.add("Reshape", [x, b.constant(i64([0, -1]))]);
 * inferValues(b.build()).get(y)?.shape; // => ["N", 24]
 */
export function inferValues(graph: Graph): ReadonlyMap<string, ValueInfo> {
  const values = new Map<string, Known>();
  for (const { name, dtype, shape } of graph.inputs) values.set(name, known(dtype, shape));
  for (const [name, tensor] of graph.initializers) values.set(name, knownTensor(tensor));
  for (const node of graph.nodes) {
    for (const [index, result] of inferNode(node, values).entries()) {
      const name = node.outputs[index] ?? "";
      if (name !== "") values.set(name, result);
    }
  }
  for (const declared of graph.outputs) checkDeclared(declared, values.get(declared.name));
  return new Map(
    [...values].map(([name, { dtype, shape }]) => [
      name,
      { name, dtype, ...(shape === undefined ? {} : { shape }) },
    ]),
  );
}

function inferNode(node: Node, values: ReadonlyMap<string, Known>): readonly Known[] {
  const operator = operatorOf(node);
  if (operator === undefined) {
    throw new EdgeloopError("OPERATOR_UNKNOWN", `no rule for ${node.op} of node "${node.name}"`, {
      details: { op: node.op, domain: node.domain ?? "ai.onnx", node: node.name },
    });
  }
  const inputs = node.inputs.map((name) => {
    const value = values.get(name);
    if (name !== "" && value === undefined) {
      throw nodeInvalid(node, `input "${name}" is not assigned before it is used`);
    }
    return value;
  });
  return operator.infer({ node, inputs });
}

/** Longest list of floats whose content is known: one an axis. */
const floatsMax = 16;

function knownTensor(tensor: Tensor): Known {
  if (tensor.dtype === "float32" && tensor.data.length <= floatsMax) {
    return { ...known(tensor.dtype, tensor.shape), floats: Array.from(tensor.data) };
  }
  const isInteger = tensor.dtype === "int64" || tensor.dtype === "int32" || tensor.dtype === "bool";
  if (!isInteger || tensor.data.length > elementsMax) return known(tensor.dtype, tensor.shape);
  const elements = Array.from<number | bigint, Element>(tensor.data, Number);
  return known(tensor.dtype, tensor.shape, elements);
}

/** A declared output may say less than inference found, never something else. */
function checkDeclared(declared: ValueInfo, found: Known | undefined): void {
  if (found === undefined) return;
  const { shape } = declared;
  const fits =
    declared.dtype === found.dtype &&
    (shape === undefined ||
      found.shape === undefined ||
      (shape.length === found.shape.length &&
        shape.every((dim, axis) => !differ(dim, found.shape?.[axis] ?? dim))));
  if (fits) return;
  throw new EdgeloopError(
    "GRAPH_INVALID",
    `output "${declared.name}" is declared ${declared.dtype} [${shape}], but is ${found.dtype} [${found.shape}]`,
    { details: { output: declared.name } },
  );
}
