import { intOf } from "../graph/attributes.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { renameValues } from "../graph/rename.ts";
import { dropUnused } from "../graph/simplify.ts";
import type { Tensor, TensorOf } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";

/** What is put behind the name of a weight when it becomes integers. */
const suffix = /\.(int8|uint8|int32)$/;

/**
 * Makes the weights of an int8 graph float initialisers again, rounded in the graph, so that training can move them:
 * the inverse of `integerWeights`. `w.int8` becomes `w` where that name is free; a 32-bit bias becomes a float one.
 *
 * A graph without integer weights comes back as it is.
 */
export function floatWeights(graph: Graph): Graph {
  const builder = graphBuilder({ ...graph, nodes: [] });
  const renamed = new Map<string, string>();
  for (const node of graph.nodes) {
    const integers = weightsOf(node, graph);
    if (integers === undefined) {
      builder.push(node);
      continue;
    }
    const [name = "", scale = "", zeroPoint = ""] = node.inputs;
    const weight = builder.constant(dequantized(node, integers, graph), name.replace(suffix, ""));
    if (integers.dtype === "int32") {
      renamed.set(node.outputs[0] ?? "", weight);
      continue;
    }
    const inputs = [weight, scale, ...(zeroPoint === "" ? [] : [zeroPoint])];
    const attributes = { ...node.attributes, ...outputDtype(integers, zeroPoint) };
    const rounded = builder.add("QuantizeLinear", inputs, {
      attributes,
      name: `${weight}.rounded`,
    });
    builder.push({ ...node, inputs: [rounded, ...node.inputs.slice(1)] });
  }
  const opened = builder.build();
  if (opened.initializers.size === graph.initializers.size) return graph;
  return dropUnused(renameValues(opened, (name) => renamed.get(name) ?? name));
}

/** Without a zero point QuantizeLinear makes uint8 unless it is told: 3 is ONNX's number of int8. */
const outputDtype = (integers: Tensor, zeroPoint: string): Node["attributes"] =>
  zeroPoint === "" && integers.dtype === "int8" ? { output_dtype: { kind: "int", value: 3 } } : {};

type Integers = TensorOf<"int8"> | TensorOf<"uint8"> | TensorOf<"int32">;

/** The integers that a node makes numbers of, when they are weights and blocks have no scales of their own. */
function weightsOf(node: Node, graph: Graph): Integers | undefined {
  if (node.op !== "DequantizeLinear" || intOf(node, "block_size", 0) > 0) return undefined;
  const tensor = graph.initializers.get(node.inputs[0] ?? "");
  const scale = graph.initializers.get(node.inputs[1] ?? "");
  const isWeight = tensor?.dtype === "int8" || tensor?.dtype === "uint8";
  if (scale?.dtype !== "float32") return undefined;
  return isWeight || tensor?.dtype === "int32" ? tensor : undefined;
}

function dequantized(node: Node, { data, shape }: Integers, graph: Graph): Tensor {
  const scale = graph.initializers.get(node.inputs[1] ?? "");
  const zero = graph.initializers.get(node.inputs[2] ?? "");
  const axis = intOf(node, "axis", 1);
  const stride = shape
    .slice(axis < 0 ? shape.length + axis + 1 : axis + 1)
    .reduce((n, d) => n * d, 1);
  const channels = scale?.data.length ?? 1;
  const at = (parameter: Tensor | undefined, i: number): number =>
    Number(parameter?.data[channels === 1 ? 0 : Math.floor(i / stride) % channels] ?? 0);
  return f32(
    Float32Array.from(data, (value, i) => (value - at(zero, i)) * at(scale, i)),
    shape,
  );
}
