import { intOf } from "./attributes.ts";
import { graphBuilder } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { renameValues } from "./rename.ts";
import { dropUnused } from "./simplify.ts";
import type { DType, Tensor } from "./tensor.ts";
import { f32, scalar } from "./tensor.ts";

/**
 * Turns an int8 graph of QuantizeLinear and DequantizeLinear into a float graph: integer weights become float ones, and
 * what was rounded is only clipped to the range that the integers had, because a clip may be all that is left of a Relu.
 *
 * For backends whose integer operators are missing or wrong. Results differ by the activations' rounding.
 */
export function dequantize(graph: Graph): Graph {
  const builder = graphBuilder({ ...graph, nodes: [] });
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const renamed = new Map<string, string>();
  let changed = 0;
  for (const node of graph.nodes) {
    const [output = ""] = node.outputs;
    const weight = weightOf(node, graph);
    const clip = clipOf(node, makers.get(node.inputs[0] ?? ""), graph);
    if (weight !== undefined && !outputs.has(output)) {
      renamed.set(output, builder.constant(weight, `${node.inputs[0]}.float`));
    } else if (clip !== undefined) {
      const bounds = [clip.low, clip.high].map((value) =>
        builder.constant(scalar(value), `${output}.bound`),
      );
      builder.push({ ...clip.node, inputs: [...clip.node.inputs, ...bounds] });
    } else {
      builder.push(node);
      changed -= 1;
    }
    changed += 1;
  }
  if (changed === 0) return graph;
  return dropUnused(renameValues(builder.build(), (name) => renamed.get(name) ?? name));
}

const isPlain = (node: Node | undefined, op: string): node is Node =>
  node?.op === op && node.domain === undefined && intOf(node, "block_size", 0) === 0;

/** The float values of integer weights; undefined when a node is not their dequantization. */
function weightOf(node: Node, graph: Graph): Tensor | undefined {
  if (!isPlain(node, "DequantizeLinear")) return undefined;
  const [integers, scale, zero] = node.inputs.map((name) => graph.initializers.get(name));
  if (integers === undefined || scale?.dtype !== "float32" || !isInteger(integers.dtype)) {
    return undefined;
  }
  const { shape } = integers;
  const axis = intOf(node, "axis", 1);
  const inner = shape.slice(axis < 0 ? axis + shape.length + 1 : axis + 1);
  const stride = inner.reduce((size, dim) => size * dim, 1);
  const channels = scale.data.length;
  const channel = (at: number): number => (channels === 1 ? 0 : Math.floor(at / stride) % channels);
  const values = Float32Array.from(integers.data as ArrayLike<number>, (value, at) => {
    const offset = Number(zero?.data[channel(at)] ?? 0);
    return (value - offset) * (scale.data[channel(at)] ?? 0);
  });
  return f32(values, shape);
}

const limits = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32_768, 32_767],
  uint16: [0, 65_535],
} as const satisfies Partial<Record<DType, readonly [number, number]>>;

const isInteger = (dtype: DType): boolean => dtype in limits || dtype === "int32";

type Clip = { readonly low: number; readonly high: number; readonly node: Node };

/** The clip that a rounding amounts to; undefined when two nodes are not one, or have a scale a channel. */
function clipOf(node: Node, maker: Node | undefined, graph: Graph): Clip | undefined {
  if (!isPlain(node, "DequantizeLinear") || !isPlain(maker, "QuantizeLinear")) return undefined;
  const [scale, zero] = maker.inputs.slice(1).map((name) => graph.initializers.get(name));
  const sameParameters = String(node.inputs.slice(1)) === String(maker.inputs.slice(1));
  if (!sameParameters || scale?.dtype !== "float32" || scale.data.length !== 1) return undefined;
  const range = limits[(zero?.dtype ?? "uint8") as keyof typeof limits];
  const isDefault = intOf(maker, "output_dtype", 0) === 0 || zero !== undefined;
  if (range === undefined || !isDefault) return undefined;
  const value = (integer: number): number =>
    (integer - Number(zero?.data[0] ?? 0)) * (scale.data[0] ?? 0);
  return {
    low: value(range[0]),
    high: value(range[1]),
    node: {
      name: node.name,
      op: "Clip",
      inputs: maker.inputs.slice(0, 1),
      outputs: node.outputs,
      attributes: {},
    },
  };
}
