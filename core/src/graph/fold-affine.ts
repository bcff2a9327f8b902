import type { Affine } from "./affine.ts";
import { affineOf } from "./affine.ts";
import { floatOf, intOf } from "./attributes.ts";
import { graphBuilder } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { usesOf } from "./reads.ts";
import type { Tensor, TensorOf } from "./tensor.ts";
import { f32 } from "./tensor.ts";

/** How often what was folded is looked at again: a product, a sum and a normalisation may follow one another. */
const passesMax = 8;

/**
 * Folds what scales and shifts each channel into the Conv, ConvTranspose or Gemm whose only reader it is, when all
 * weights involved are float32 initialisers: BatchNormalization in inference mode, products and sums with constants.
 * New weights are named after the old ones: `<weight>.folded`.
 *
 * @see Jacob et al. 2018, arXiv:1712.05877, section 3.2 (equation 14)
 */
export function foldAffine(graph: Graph): Graph {
  let folded = graph;
  for (let pass = 0; pass < passesMax; pass += 1) {
    const next = foldOnce(folded);
    if (next === folded) break;
    folded = next;
  }
  return folded;
}

function foldOnce(graph: Graph): Graph {
  const builder = graphBuilder({ ...graph });
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const uses = usesOf(graph);
  const replaced = new Map<Node, Node | undefined>();
  for (const node of graph.nodes) {
    const site = node.inputs.find((name) => makers.has(name)) ?? "";
    const maker = makers.get(site);
    if (maker === undefined || replaced.has(maker) || uses.get(site) !== 1) continue;
    const channels = channelsOf(maker, graph);
    const affine = channels && affineOf(node, site, { graph, ...channels });
    const folded = affine && fold(maker, affine, graph);
    if (folded === undefined) continue;
    const weight = builder.constant(folded.weight, foldedName(maker.inputs[1]));
    const bias = builder.constant(
      folded.bias,
      foldedName(maker.inputs[2] || node.inputs[2] || `${site}.bias`),
    );
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

/** A weight that is folded twice has one ending. */
const foldedName = (name = ""): string => `${name.replace(/\.folded(_\d+)?$/, "")}.folded`;

/** Channels and rank of what a node with weights gives; undefined for other nodes. */
function channelsOf(
  maker: Node,
  graph: Graph,
): { readonly channels: number; readonly rank: number } | undefined {
  const weight = float32Of(graph, maker.inputs[1]);
  const axis = channelAxis(maker);
  const channels = axis === undefined ? undefined : weight?.shape[axis];
  return weight === undefined || channels === undefined
    ? undefined
    : { channels, rank: weight.shape.length };
}

const float32Of = (graph: Graph, name: string | undefined): TensorOf<"float32"> | undefined => {
  const tensor: Tensor | undefined = graph.initializers.get(name ?? "");
  return tensor?.dtype === "float32" ? tensor : undefined;
};

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
  // A column `[channels, 1]` of Gemm is as long as a row, but one number an example.
  const isRow = bias?.data.length === channels && bias.shape.at(-1) === channels;
  if (!isPlain || weight === undefined || (hasBias && !isRow)) return undefined;
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
  if (node.domain !== undefined) return undefined;
  if (node.op === "Conv") return 0;
  if (node.op === "ConvTranspose") return intOf(node, "group", 1) === 1 ? 1 : undefined;
  const isPlain = floatOf(node, "alpha", 1) === 1 && floatOf(node, "beta", 1) === 1;
  if (node.op !== "Gemm" || !isPlain) return undefined;
  return intOf(node, "transB", 0) === 1 ? 0 : 1;
}
