import type { Graph, Node } from "../../core/src/graph/graph.ts";
import type { Tensor, Tensors } from "../../core/src/graph/tensor.ts";
import { activation } from "./activation.ts";
import { convolution } from "./convolution.ts";
import { contraction } from "./einsum.ts";
import { elementwise } from "./elementwise.ts";
import { gathering } from "./gathering.ts";
import { linear } from "./linear.ts";
import { normalization } from "./normalization.ts";
import type { Operators } from "./operator.ts";
import { pooling } from "./pooling.ts";
import { quantization } from "./quantization.ts";
import { recurrence } from "./recurrence.ts";
import { reduction } from "./reduction.ts";
import { resampling } from "./resampling.ts";
import { scanning } from "./scanning.ts";
import { shaping } from "./shaping.ts";
import type { Value } from "./value.ts";
import { fromTensor, toTensor } from "./value.ts";

/** Every operator that the interpreter knows. */
export const operators: Operators = {
  ...elementwise,
  ...activation,
  ...linear,
  ...convolution,
  ...pooling,
  ...reduction,
  ...normalization,
  ...shaping,
  ...gathering,
  ...scanning,
  ...recurrence,
  ...resampling,
  ...contraction,
  ...quantization,
};

/**
 * Runs a graph in float64, an operator at a time, as the ONNX specification says (opset 21).
 *
 * The oracle of gradients, simplification and quantization: slow, plain, never shipped. Floats come out as float64,
 * integers and booleans in their own dtype.
 *
 * @param outputs Names of any values of the graph; its outputs when absent.
 */
export function run(
  graph: Graph,
  feeds: Tensors,
  outputs: readonly string[] = graph.outputs.map((info) => info.name),
): Record<string, Tensor> {
  const values = new Map<string, Value>();
  for (const [name, tensor] of graph.initializers) values.set(name, fromTensor(tensor));
  for (const { name } of graph.inputs) {
    const fed = feeds[name];
    if (fed === undefined) throw new Error(`input ${name} was not fed`);
    values.set(name, fromTensor(fed));
  }
  for (const node of graph.nodes) runNode(node, values);
  return Object.fromEntries(outputs.map((name) => [name, toTensor(read(values, name))]));
}

function runNode(node: Node, values: Map<string, Value>): void {
  const operator = operators[node.op];
  if (operator === undefined) throw new Error(`no reference for ${node.op} (${node.name})`);
  const inputs = node.inputs.map((name) => (name === "" ? undefined : read(values, name)));
  const results = operator({ inputs, node });
  const listed: readonly Value[] = "data" in results ? [results] : results;
  for (const [index, result] of listed.entries()) {
    const name = node.outputs[index];
    if (name !== undefined && name !== "") values.set(name, result);
  }
}

function read(values: ReadonlyMap<string, Value>, name: string): Value {
  const found = values.get(name);
  if (found === undefined) throw new Error(`no value ${name}`);
  return found;
}
