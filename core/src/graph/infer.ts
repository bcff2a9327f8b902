import { EdgeloopError } from "../platform/errors.ts";
import { inferredNodesMax } from "../platform/limits.ts";
import { differ } from "./dims.ts";
import type { Graph, Node, ValueInfo } from "./graph.ts";
import type { Element, Known } from "./operator.ts";
import { elementsMax, known } from "./operator.ts";
import { operatorOf } from "./operators.ts";
import { nodeInvalid } from "./structure.ts";
import type { Tensor } from "./tensor.ts";

/** Dtypes and shapes by value name. */
export type Values = ReadonlyMap<string, ValueInfo>;

/**
 * Tells dtype and shape of every value before anything runs. Named dimensions stay names (`"N"`), also through the
 * integer arithmetic on shapes; a dimension that cannot be told is named after its value and axis. Bodies of control
 * flow are followed; their own values are not in the result.
 *
 * @returns By value name, in the order of assignment: inputs, initialisers, nodes' outputs.
 * @throws `OPERATOR_UNKNOWN` naming the node, `GRAPH_INVALID` naming the node whose inputs do not fit.
 * @example
 * const b = graphBuilder("g");
 * const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 8] });
 * const y = b.add("Reshape", [x, b.constant(i64([0, -1]))]);
 * inferValues(b.build()).get(y)?.shape; // => ["N", 24]
 */
export const inferValues = (graph: Graph): Values => inferBodies(graph).values;

/** What is known of a graph's values, and of those inside the bodies that were followed. */
export type Inference = { readonly values: Values; readonly bodies: ReadonlyMap<Graph, Values> };

/** Does what `inferValues` does, and tells of the values inside bodies too. @throws As `inferValues`. */
export function inferBodies(graph: Graph): Inference {
  const bodies = new Map<Graph, Values>();
  const values = inferWhole(graph, (body, inner) => bodies.set(body, infos(inner)));
  return { values: infos(values), bodies };
}

/**
 * As `inferValues`, with the contents of small integer values, such as computed shapes, where they are known.
 *
 * @throws As `inferValues`.
 */
export const inferContents = (graph: Graph): ReadonlyMap<string, Known> =>
  inferWhole(graph, () => undefined);

function inferWhole(graph: Graph, onBody: Scope["onBody"]): ReadonlyMap<string, Known> {
  const values = inferScope(graph, {
    given: graph.inputs.map(({ dtype, shape }) => known(dtype, shape)),
    outer: () => undefined,
    budget: { nodes: inferredNodesMax },
    onNode: (_, infer) => infer(),
    onBody,
  });
  for (const declared of graph.outputs) checkDeclared(declared, values.get(declared.name));
  return values;
}

/** Tells what can be told: nodes that no rule knows or that do not fit leave their outputs out. */
export function inferKnown(graph: Graph): Values {
  const values = inferScope(graph, {
    given: graph.inputs.map(({ dtype, shape }) => known(dtype, shape)),
    outer: () => undefined,
    budget: { nodes: inferredNodesMax },
    onNode(_, infer) {
      try {
        return infer();
      } catch (error) {
        if (error instanceof EdgeloopError) return [];
        throw error;
      }
    },
    onBody: () => undefined,
  });
  return infos(values);
}

type Scope = {
  /** What is known of the graph's inputs. */
  readonly given: readonly Known[];
  /** Finds a value of the graphs around. */
  readonly outer: (name: string) => Known | undefined;
  readonly onNode: (node: Node, infer: () => readonly Known[]) => readonly Known[];
  /** Nodes that may still be followed. */
  readonly budget: { nodes: number };
  readonly onBody: (body: Graph, values: ReadonlyMap<string, Known>) => void;
};

function inferScope(graph: Graph, scope: Scope): Map<string, Known> {
  const values = new Map<string, Known>();
  for (const [index, { name }] of graph.inputs.entries()) {
    const value = scope.given[index];
    if (value !== undefined) values.set(name, value);
  }
  for (const [name, tensor] of graph.initializers) values.set(name, knownTensor(tensor));
  const find = (name: string): Known | undefined => values.get(name) ?? scope.outer(name);
  const body = (node: Node, name: string, given: readonly Known[]): readonly Known[] => {
    const attribute = node.attributes[name];
    if (attribute?.kind !== "graph") throw nodeInvalid(node, `it needs the graph "${name}"`);
    const inner = attribute.value;
    if (inner.inputs.length !== given.length) {
      throw nodeInvalid(node, `${name} has ${inner.inputs.length} inputs, not ${given.length}`);
    }
    const found = inferScope(inner, { ...scope, given: given.map(within(inner)), outer: find });
    scope.onBody(inner, found);
    return inner.outputs.map((declared) => {
      const value = found.get(declared.name) ?? find(declared.name);
      if (value !== undefined) return value;
      if (declared.isUntyped) throw nodeInvalid(node, `"${declared.name}" has no type`);
      return known(declared.dtype, declared.shape);
    });
  };
  for (const node of graph.nodes) {
    scope.budget.nodes -= 1;
    const results = scope.onNode(node, () => {
      // Loops in loops multiply; a file may nest them so that nobody could wait for the end.
      if (scope.budget.nodes < 0) throw nodeInvalid(node, "bodies are too many to follow");
      return inferNode(node, find, body);
    });
    for (const [index, result] of results.entries()) {
      const name = node.outputs[index] ?? "";
      if (name !== "") values.set(name, result);
    }
  }
  return values;
}

/** Adds what a body declares of an input to what its node gives it. */
const within =
  ({ inputs }: Graph) =>
  (value: Known, index: number): Known => {
    const declared = inputs[index]?.shape;
    return value.shape === undefined && declared !== undefined
      ? known(value.dtype, declared)
      : value;
  };

function inferNode(
  node: Node,
  find: (name: string) => Known | undefined,
  body: (node: Node, name: string, given: readonly Known[]) => readonly Known[],
): readonly Known[] {
  const operator = operatorOf(node);
  if (operator === undefined) {
    throw new EdgeloopError("OPERATOR_UNKNOWN", `no rule for ${node.op} of node "${node.name}"`, {
      details: { op: node.op, domain: node.domain ?? "ai.onnx", node: node.name },
    });
  }
  const inputs = node.inputs.map((name) => {
    const value = find(name);
    if (name !== "" && value === undefined) {
      throw nodeInvalid(node, `input "${name}" is not assigned before it is used`);
    }
    return value;
  });
  return operator.infer({ node, inputs, body: (name, given) => body(node, name, given) });
}

const infos = (values: ReadonlyMap<string, Known>): Values =>
  new Map(
    [...values].map(([name, { dtype, shape }]) => [
      name,
      { name, dtype, ...(shape === undefined ? {} : { shape }) },
    ]),
  );

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
