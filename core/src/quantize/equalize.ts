import { intOf } from "../graph/attributes.ts";
import type { Graph, Node } from "../graph/graph.ts";
import type { Tensor, TensorOf } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import { linksOf } from "./links.ts";
import { nodeTitle, planOf } from "./observe.ts";
import type { Pair } from "./scale-path.ts";
import { isPair, pairFrom, pathContext } from "./scale-path.ts";

/** Two layers between which channels were scaled, or why they were not. */
export type EqualizedPair = {
  readonly first: string;
  readonly second?: string;
  /** Why the first layer stays as it is. */
  readonly reason?: string;
};

/** A graph that computes the same with weights of more even size. */
export type Equalization = { readonly graph: Graph; readonly pairs: readonly EqualizedPair[] };

/** Rounds over all pairs at most: in a chain each pair moves its neighbours. */
const roundsMax = 20;
/** A round that scales nothing by more than this is the last. */
const settled = 1.001;

/**
 * Scales the channels between each two layers so that the weights that make a channel are as large as those that read
 * it; what a layer's output is multiplied by, the next one's weights are divided by. BatchNormalization is folded first.
 *
 * Between the layers may stand what commutes with scaling by channel: Relu, LeakyRelu, PRelu, pooling, flattening. An
 * upper limit (Relu6) does not: that pair stays, and is told.
 *
 * @throws What `inferValues` throws.
 * @see Nagel et al. 2019, arXiv:1906.04721, section 4.1
 */
export function equalize(graph: Graph): Equalization {
  const { graph: small, plan } = planOf(graph, {});
  const links = linksOf(small);
  const context = pathContext(small, { links, weighted: plan.weighted });
  const found = [...plan.weighted].map(([node, site]) => pairFrom(node, site, context));
  const pairs = found.filter(isPair);
  const tensors = new Map<string, Float64Array>();
  for (const { maker, reader } of pairs) {
    for (const node of [maker, reader]) {
      for (const name of node.inputs.slice(1)) {
        const floats = links.floats(name);
        if (floats !== undefined) tensors.set(name, Float64Array.from(floats.data));
      }
    }
  }
  for (let round = 0; round < roundsMax; round += 1) {
    const most = Math.max(1, ...pairs.map((pair) => scalePair(pair, tensors)));
    if (most < settled) break;
  }
  const initializers = [...small.initializers].map(([name, tensor]): [string, Tensor] => {
    const scaled = tensors.get(name);
    return [name, scaled ? f32(Float32Array.from(scaled), tensor.shape) : tensor];
  });
  return {
    graph: { ...small, initializers: new Map(initializers) },
    pairs: found.map((one) =>
      isPair(one)
        ? { first: nodeTitle(one.maker), second: nodeTitle(one.reader) }
        : { first: one.first, reason: one.reason },
    ),
  };
}

/** Scales the channels of a pair in place; returns the largest factor or its inverse. */
function scalePair(pair: Pair, tensors: Map<string, Float64Array>): number {
  const { maker, reader, made, read, between } = pair;
  const weights = tensors.get(maker.inputs[1] ?? "");
  const next = tensors.get(reader.inputs[1] ?? "");
  if (weights === undefined || next === undefined) return 1;
  const { channels, stride } = made.channels;
  const inputOf = inputChannels(reader, read, between);
  const madeBy = largestBy(weights, channels, (i) => Math.floor(i / stride) % channels);
  const readBy = largestBy(next, channels, inputOf);
  const factors = madeBy.map((size, channel) => {
    const other = readBy[channel] ?? 0;
    return size === 0 || other === 0 ? 1 : Math.sqrt(other / size);
  });
  const at = (channel: number): number => factors[channel] ?? 1;
  for (const [i, w] of weights.entries()) weights[i] = w * at(Math.floor(i / stride) % channels);
  for (const [i, w] of next.entries()) next[i] = w / at(inputOf(i));
  const bias = tensors.get(maker.inputs[2] ?? "");
  for (const [i, b] of bias?.entries() ?? []) if (bias) bias[i] = b * at(i);
  return Math.max(...factors.map((factor) => Math.max(factor, 1 / factor)));
}

function largestBy(
  weights: Float64Array,
  channels: number,
  channelOf: (index: number) => number,
): Float64Array {
  const largest = new Float64Array(channels);
  for (const [i, w] of weights.entries()) {
    const channel = channelOf(i);
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(w));
  }
  return largest;
}

/** Which of the channels before it an element of a node's weights reads. */
function inputChannels(
  node: Node,
  { weight, axis }: { readonly weight: TensorOf<"float32">; readonly axis: number },
  between: number,
): (index: number) => number {
  const [rows = 1, columns = 1, ...kernel] = weight.shape;
  if (node.op !== "Conv") {
    return axis === 0
      ? (i) => Math.floor((i % columns) / between)
      : (i) => Math.floor(Math.floor(i / columns) / between);
  }
  const size = kernel.reduce((n, dim) => n * dim, 1);
  const rowsOfGroup = rows / intOf(node, "group", 1);
  return (i) => {
    const row = Math.floor(i / (columns * size));
    return Math.floor(row / rowsOfGroup) * columns + (Math.floor(i / size) % columns);
  };
}
