import { checkTensor } from "./dtypes.ts";
import type { Graph, Node } from "./graph.ts";
import { inferValues } from "./infer.ts";
import { operatorOf } from "./operators.ts";
import { bodiesOf } from "./reads.ts";
import { checkStructure, nodeInvalid } from "./structure.ts";

/**
 * Checks a graph by everything that is known before it runs: structure, tensors, arity, attributes, dtypes, shapes.
 *
 * @throws `GRAPH_INVALID` naming the node and what was expected, `TENSOR_INVALID`, `OPERATOR_UNKNOWN`.
 */
export function validate(graph: Graph): void {
  checkStructure(graph);
  checkParts(graph);
  inferValues(graph);
}

function checkParts(graph: Graph): void {
  for (const tensor of graph.initializers.values()) checkTensor(tensor);
  for (const node of graph.nodes) {
    checkNode(node);
    for (const body of bodiesOf(node)) checkParts(body);
  }
}

function checkNode(node: Node): void {
  const operator = operatorOf(node);
  if (operator === undefined) return; // inferValues refuses it by its own code.
  checkCount(node, "inputs", operator.inputs);
  checkCount(node, "outputs", operator.outputs);
  for (const [name, { kind }] of Object.entries(node.attributes)) {
    const expected = Object.hasOwn(operator.attributes, name)
      ? operator.attributes[name]
      : undefined;
    if (expected === undefined) throw nodeInvalid(node, `it has no attribute "${name}"`);
    if (kind !== expected) {
      throw nodeInvalid(node, `attribute "${name}" must be ${expected}, not ${kind}`);
    }
  }
}

function checkCount(
  node: Node,
  what: "inputs" | "outputs",
  [min, max]: readonly [number, number],
): void {
  const count = node[what].length;
  const required = node[what].slice(0, min);
  if (count >= min && count <= max && required.every((name) => name !== "")) return;
  const range = min === max ? `${min}` : `${min} to ${max}`;
  throw nodeInvalid(node, `expected ${range} ${what}, not ${count}`);
}
