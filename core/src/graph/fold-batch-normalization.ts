import { floatOf, intOf } from "./attributes.ts";
import { graphBuilder } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { usesOf } from "./reads.ts";
import type { Tensor, TensorOf } from "./tensor.ts";
import { f32 } from "./tensor.ts";

/** y = x·factor + offset, an entry a channel. */
type Affine = { readonly factor: Float64Array; readonly offset: Float64Array };

/**
 * Folds each BatchNormalization in inference mode into the Conv or Gemm whose only reader it is, when all
 * weights involved are float32 initialisers. New weights are named after the old ones: `<weight>.folded`.
 *
 * @see Jacob et al. 2018, arXiv:1712.05877, section 3.2 (equation 14)
 */
export function foldBatchNormalization(graph: Graph): Graph {
  const builder = graphBuilder({ ...graph });
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const uses = usesOf(graph);
  const replaced = new Map<Node, Node | undefined>();
  for (const node of graph.nodes) {
    const maker = makers.get(node.inputs[0] ?? "");
    if (maker === undefined || replaced.has(maker)) continue;
    const affine = uses.get(node.inputs[0] ?? "") === 1 ? affineOf(node, graph) : undefined;
    const folded = affine && fold(maker, affine, graph);
    if (folded === undefined) continue;
    const weight = builder.constant(folded.weight, `${maker.inputs[1]}.folded`);
    const bias = builder.constant(folded.bias, `${maker.inputs[2] || node.inputs[2]}.folded`);
    const inputs = [maker.inputs[0] ?? "", weight, bias];
    replaced.set(maker, { ...maker, inputs, outputs: [node.outputs[0] ?? ""] });
    replaced.set(node, undefined);
  }
  if (replaced.size === 0) return graph;
  const nodes = graph.nodes.flatMap((node) =>
    replaced.has(node) ? (replaced.get(node) ?? []) : node,
  );
  return { ...builder.build(), nodes };
}

const float32Of = (graph: Graph, name: string | undefined): TensorOf<"float32"> | undefined => {
  const tensor: Tensor | undefined = graph.initializers.get(name ?? "");
  return tensor?.dtype === "float32" ? tensor : undefined;
};

function affineOf(node: Node, graph: Graph): Affine | undefined {
  const isInference =
    node.op === "BatchNormalization" &&
    node.domain === undefined &&
    node.outputs.length === 1 &&
    intOf(node, "training_mode", 0) === 0;
  const [scale, bias, mean, variance] = node.inputs.slice(1).map((name) => float32Of(graph, name));
  if (!isInference || !scale || !bias || !mean || !variance) return undefined;
  const epsilon = floatOf(node, "epsilon", 1e-5);
  const at = (tensor: TensorOf<"float32">, i: number): number => tensor.data[i] ?? 0;
  const factor = Float64Array.from(scale.data, (s, i) => s / Math.sqrt(at(variance, i) + epsilon));
  const offset = factor.map((f, i) => at(bias, i) - at(mean, i) * f);
  return { factor, offset };
}

type Folded = {
  readonly weight: TensorOf<"float32">;
  readonly bias: TensorOf<"float32">;
};

function fold(maker: Node, affine: Affine, graph: Graph): Folded | undefined {
  const weight = float32Of(graph, maker.inputs[1]);
  const channels = affine.factor.length;
  const hasBias = (maker.inputs[2] ?? "") !== "";
  const bias = hasBias ? float32Of(graph, maker.inputs[2]) : undefined;
  const isPlain = maker.domain === undefined && maker.outputs.length === 1;
  if (!isPlain || weight === undefined || (hasBias && bias?.data.length !== channels)) {
    return undefined;
  }
  const axis = channelAxis(maker);
  if (axis === undefined || weight.shape[axis] !== channels) return undefined;
  const stride = weight.shape.slice(axis + 1).reduce((n, dim) => n * dim, 1);
  const scaled = weight.data.map(
    (w, i) => w * (affine.factor[Math.floor(i / stride) % channels] ?? 1),
  );
  const moved = Float32Array.from(
    affine.offset,
    (offset, i) => offset + (bias?.data[i] ?? 0) * (affine.factor[i] ?? 1),
  );
  return {
    weight: f32(scaled, weight.shape),
    bias: f32(moved),
  };
}

/** Axis of the weights that is the output channel; undefined when the node cannot take the factors in. */
function channelAxis(node: Node): number | undefined {
  if (node.op === "Conv") return 0;
  const isPlain = floatOf(node, "alpha", 1) === 1 && floatOf(node, "beta", 1) === 1;
  if (node.op !== "Gemm" || !isPlain) return undefined;
  return intOf(node, "transB", 0) === 1 ? 0 : 1;
}
