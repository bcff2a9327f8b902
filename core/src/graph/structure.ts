import { EdgeloopError } from "../platform/errors.ts";
import type { Graph, Node } from "./graph.ts";

/** Makes the error that names a node of a graph and what is wrong with it. */
export function nodeInvalid(node: Node, problem: string, details: object = {}): EdgeloopError {
  const where = node.name === "" ? (node.outputs[0] ?? "") : node.name;
  return new EdgeloopError("GRAPH_INVALID", `${node.op} "${where}": ${problem}`, {
    details: { node: where, op: node.op, ...details },
  });
}

/** Names that are assigned, in a graph and in those around it. */
type Scope = { readonly names: Set<string>; readonly outer: Scope | undefined };

/**
 * Checks what every graph must hold whatever its operators: each value is assigned once and before it is used.
 * That leaves no cycle.
 *
 * @throws `GRAPH_INVALID` naming the node or the value.
 */
export function checkStructure(graph: Graph): void {
  check(graph, undefined);
}

function check(graph: Graph, outer: Scope | undefined): void {
  const scope: Scope = { names: new Set(), outer };
  const fail = (problem: string): EdgeloopError =>
    new EdgeloopError("GRAPH_INVALID", problem, { details: { graph: graph.name } });
  for (const name of [...graph.inputs.map((input) => input.name), ...graph.initializers.keys()]) {
    if (!assign(scope, name)) throw fail(`value "${name}" must be assigned exactly once`);
  }
  for (const node of graph.nodes) checkNode(node, scope);
  for (const { name } of graph.outputs) {
    if (!isKnown(scope, name)) throw fail(`output "${name}" is never assigned`);
  }
}

function checkNode(node: Node, scope: Scope): void {
  if (node.op === "") throw nodeInvalid(node, "an operator must be named");
  const missing = node.inputs.find((name) => name !== "" && !isKnown(scope, name));
  if (missing !== undefined) {
    throw nodeInvalid(node, `input "${missing}" is not assigned before it is used`);
  }
  for (const attribute of Object.values(node.attributes)) {
    if (attribute.kind === "graph") check(attribute.value, scope);
  }
  for (const name of node.outputs) {
    if (name !== "" && !assign(scope, name)) {
      throw nodeInvalid(node, `value "${name}" must be assigned exactly once`);
    }
  }
}

function isKnown(scope: Scope, name: string): boolean {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    if (at.names.has(name)) return true;
  }
  return false;
}

function assign(scope: Scope, name: string): boolean {
  if (name === "" || isKnown(scope, name)) return false;
  scope.names.add(name);
  return true;
}
