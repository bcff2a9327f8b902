import type { Shape } from "./dims.ts";
import type { Attribute, Graph, Node, ValueInfo } from "./graph.ts";
import { inferValues } from "./infer.ts";
import type { Tensor } from "./tensor.ts";

/** Longest content of a tensor that is printed; larger ones show their shape. */
const elementsShownMax = 8;

/**
 * Writes a graph as text for people and for comparison: a line an input, weight, node and output, in order.
 * Shapes stand where inference knows them; a graph with unknown operators prints without.
 *
 * @example
 * const b = graphBuilder("g");
 * b.output({ name: b.add("Relu", [b.input({ name: "x", dtype: "float32", shape: ["N", 2] })]), dtype: "float32" });
 * print(b.build()).split("\n")[2]; // => "  relu: float32[N, 2] = Relu(x)"
 */
export function print(graph: Graph): string {
  const values = inferOrNothing(graph);
  const typed = (name: string): string => {
    const info = values.get(name);
    return info === undefined || name === "" ? name : `${name}: ${typeOf(info.dtype, info.shape)}`;
  };
  return [
    `graph ${graph.name}`,
    ...graph.inputs.map((info) => `  input ${info.name}: ${typeOf(info.dtype, info.shape)}`),
    ...[...graph.initializers].map(([name, tensor]) => `  weight ${name}: ${tensorText(tensor)}`),
    ...graph.nodes.map((node) => `  ${node.outputs.map(typed).join(", ")} = ${nodeText(node)}`),
    ...graph.outputs.map((info) => `  output ${info.name}: ${typeOf(info.dtype, info.shape)}`),
    "",
  ].join("\n");
}

function inferOrNothing(graph: Graph): ReadonlyMap<string, ValueInfo> {
  try {
    return inferValues(graph);
  } catch {
    return new Map(); // Printing is how a graph that does not validate is looked at.
  }
}

function nodeText(node: Node): string {
  const attributes = Object.entries(node.attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, attribute]) => `${name}=${attributeText(attribute)}`);
  const op = node.domain === undefined ? node.op : `${node.domain}.${node.op}`;
  const braces = attributes.length === 0 ? "" : ` {${attributes.join(", ")}}`;
  return `${op}(${node.inputs.join(", ")})${braces}`;
}

function attributeText(attribute: Attribute): string {
  switch (attribute.kind) {
    case "int":
    case "float":
      return String(attribute.value);
    case "string":
      return JSON.stringify(attribute.value);
    case "ints":
    case "floats":
    case "strings":
      return `[${attribute.value.join(", ")}]`;
    case "tensor":
      return tensorText(attribute.value);
    case "graph":
      return `graph ${attribute.value.name}`;
  }
}

function tensorText(tensor: Tensor): string {
  const type = typeOf(tensor.dtype, tensor.shape);
  if (tensor.data.length > elementsShownMax) return type;
  return `${type} (${Array.from<unknown, string>(tensor.data, String).join(", ")})`;
}

const typeOf = (dtype: string, shape: Shape | undefined): string =>
  `${dtype}[${shape?.join(", ") ?? "?"}]`;
