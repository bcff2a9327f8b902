import { floatOf, intOf } from "../graph/attributes.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { readsOfGraph } from "../graph/reads.ts";
import type { Tensor, TensorOf } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import type { Channels } from "./int8-params.ts";
import { quantizeBias, quantizeWeights, raiseForBias } from "./int8-params.ts";
import type { Links } from "./links.ts";
import { linksOf } from "./links.ts";

/**
 * Rounds the weights of a graph that `fakeQuantize` or training with it made: a QuantizeLinear of an initialiser becomes
 * int8 weights, and the bias of what reads them a 32-bit one in units of input scale × weight scale. A weight scale is
 * raised where training made a bias that would not fit 32 bits. Float weights that nothing reads any more go.
 *
 * Weights that are uint8, or int8 around another zero point than 0, stay rounded in the graph: the same function.
 * A graph without such pairs comes back as it is.
 */
export function integerWeights(graph: Graph): Graph {
  const builder = graphBuilder({ ...graph, nodes: [] });
  const sites = new Map(
    sitesOf(graph).map((site) => [site.dequantize, { ...site, ...roundedOf(site) }] as const),
  );
  const byWeights = new Map([...sites.values()].map((site) => [site.dequantize.outputs[0], site]));
  const dropped = new Set([...sites.values()].map(({ quantize }) => quantize));
  const replaced = new Map<string, Tensor>();
  for (const node of graph.nodes) {
    if (dropped.has(node)) continue;
    const site = sites.get(node);
    const read = byWeights.get(node.inputs[1] ?? "");
    if (site !== undefined) {
      const { data, scales, weight, stem } = site;
      const [, scale = "", ...rest] = node.inputs;
      replaced.set(scale, f32(scales));
      const integers = builder.constant(
        { dtype: "int8", shape: weight.shape, data },
        `${stem}.int8`,
      );
      builder.push({ ...node, inputs: [integers, scale, ...rest] });
    } else if (read?.bias === undefined || node !== read.reader) builder.push(node);
    else
      builder.push({
        ...node,
        inputs: [...node.inputs.slice(0, 2), pushBias(builder, read, node)],
      });
  }
  return withoutUnread(builder.build(), { before: graph, replaced });
}

/** Weights that are rounded in the graph, and who reads them. */
type Site = {
  readonly quantize: Node;
  readonly dequantize: Node;
  readonly reader?: Node;
  readonly stem: string;
  readonly weight: TensorOf<"float32">;
  readonly scales: Float32Array;
  readonly channels: Channels;
  readonly bias?: TensorOf<"float32">;
  readonly inputScale: number;
};

function sitesOf(graph: Graph): readonly Site[] {
  const links = linksOf(graph);
  return graph.nodes.flatMap((dequantize) => {
    const quantize = links.maker(dequantize.inputs[0]);
    if (dequantize.op !== "DequantizeLinear" || quantize?.op !== "QuantizeLinear") return [];
    const [stem = "", scale, zeroPoint] = quantize.inputs;
    const [weight, scales] = [links.floats(stem), links.floats(scale)];
    if (weight === undefined || scales === undefined) return [];
    if (!isSymmetricInt8(quantize, graph.initializers.get(zeroPoint ?? ""))) return [];
    const given = intOf(quantize, "axis", 1);
    const axis = given < 0 ? given + weight.shape.length : given;
    const stride = weight.shape.slice(axis + 1).reduce((n, dim) => n * dim, 1);
    const channels = { channels: scales.data.length, stride };
    const bias = biasOf(dequantize, links);
    const fits = bias?.bias.data.length === scales.data.length;
    const site = { quantize, dequantize, stem, weight, scales: scales.data, channels };
    return [{ ...site, ...(fits ? bias : { inputScale: 1 }) }];
  });
}

/** ONNX's number of int8. */
const int8Number = 3;

/** Whether what comes out is int8 around 0; weights around anything else stay rounded in the graph. */
const isSymmetricInt8 = (quantize: Node, zeroPoint: Tensor | undefined): boolean =>
  zeroPoint === undefined
    ? (quantize.inputs[2] ?? "") === "" && intOf(quantize, "output_dtype", 0) === int8Number
    : zeroPoint.dtype === "int8" && zeroPoint.data.every((zero) => zero === 0);

/** The bias beside some weights, when the node that reads both reads integers of one scale. */
function biasOf(
  dequantize: Node,
  links: Links,
): Pick<Required<Site>, "bias" | "reader" | "inputScale"> | undefined {
  const [reader, ...more] = links.readers(dequantize.outputs[0]);
  if (reader === undefined || more.length > 0 || !hasPlainBias(reader)) return undefined;
  const input = links.maker(reader.inputs[0]);
  const scale = input?.op === "DequantizeLinear" ? links.floats(input.inputs[1]) : undefined;
  const bias = links.floats(reader.inputs[2]);
  const [inputScale, ...others] = scale?.data ?? [];
  if (inputScale === undefined || others.length > 0 || bias === undefined) return undefined;
  return { reader, bias, inputScale };
}

const hasPlainBias = (node: Node): boolean =>
  ["Conv", "ConvTranspose", "Gemm"].includes(node.op) && floatOf(node, "beta", 1) === 1;

function roundedOf({ weight, channels, scales, bias, inputScale }: Site): {
  readonly data: Int8Array;
  readonly scales: Float32Array;
} {
  const raised = bias ? raiseForBias(scales, bias.data, inputScale) : scales;
  return { data: quantizeWeights(weight.data, channels, raised), scales: raised };
}

/** Adds a 32-bit bias with its DequantizeLinear; returns the name to read. */
function pushBias(builder: GraphBuilder, { bias, scales, inputScale }: Site, reader: Node): string {
  const units = quantizeBias(bias?.data ?? new Float32Array(0), scales, inputScale);
  const stem = reader.inputs[2] ?? "";
  const integers = {
    dtype: "int32",
    shape: [units.integers.length],
    data: units.integers,
  } as const;
  // No zero point: some WebGPU kernels fail on an int32 DequantizeLinear that has one.
  const names = [
    builder.constant(integers, `${stem}.int32`),
    builder.constant(f32(units.scales), `${stem}.scale`),
  ];
  const options = { attributes: { axis: int(0) }, name: `${stem}.dequantized` };
  return builder.add("DequantizeLinear", names, options);
}

/** Float weights that became integers go; they stay where something else reads them too. */
function withoutUnread(
  graph: Graph,
  { before, replaced }: { readonly before: Graph; readonly replaced: ReadonlyMap<string, Tensor> },
): Graph {
  const readBefore = new Set(readsOfGraph(before));
  const read = new Set(readsOfGraph(graph));
  const initializers = [...graph.initializers]
    .filter(([name]) => read.has(name) || !readBefore.has(name))
    .map(([name, tensor]) => [name, replaced.get(name) ?? tensor] as const);
  return { ...graph, initializers: new Map(initializers) };
}
