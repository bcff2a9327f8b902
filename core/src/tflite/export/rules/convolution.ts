import { intOf, intsOf, textOf } from "../../../graph/attributes.ts";
import type { Node } from "../../../graph/graph.ts";
import { int32s } from "../moves.ts";
import { refusal } from "../refusal.ts";
import type { Rules, Site } from "../site.ts";
import type { Values } from "../values.ts";
import type { Kernel2d } from "./kernel.ts";
import { dilationOptions, groupsOf, kernel2d, padded, strideOptions } from "./kernel.ts";
import type { Weights } from "./weights.ts";
import { addBias, addWeights, hasInt8Weights, weightsOf, weightsPart } from "./weights.ts";

/** Weights `[O, I, k]` as `[O, I, 1, k]`. */
const weights2d = (weights: Weights): Weights => {
  const [o = 1, i = 1, ...size] = weights.shape;
  return { ...weights, shape: size.length === 1 ? [o, i, 1, ...size] : weights.shape };
};

const ohwi = (shape: readonly number[]): readonly number[] =>
  [0, 2, 3, 1].map((axis) => shape[axis] ?? 1);

function writeConv(site: Site): void {
  const weights = weights2d(weightsOf(site));
  const kernel = kernel2d(site, site.shape(1).slice(2));
  const groups = groupsOf(site.node);
  const [, channels = 1] = site.shape(0);
  const source = padded(site, kernel, { tensor: site.input(0, "last"), fill: "zero", own: true });
  const output = site.output("last");
  const one = { ...source, output, weights, kernel };
  if (groups === channels && channels > 1) writeDepthwise(site, one);
  else if (groups === 1) writeDense(site, one);
  else writeGroups(site, one, groups);
}

type Convolution = {
  readonly tensor: number;
  readonly padding: string;
  readonly output: number;
  readonly weights: Weights;
  readonly kernel: Kernel2d;
};

function writeDense(site: Site, { tensor, padding, output, weights, kernel }: Convolution): void {
  const form = { axes: [0, 2, 3, 1], shape: ohwi(weights.shape), channelAxis: 0 };
  const inputs = [
    tensor,
    addWeights(site, weights, form),
    addBias(site, weights, weights.shape[0] ?? 1),
  ];
  const options = {
    padding,
    fused_activation_function: site.activation,
    ...strideOptions(kernel),
    ...dilationOptions(kernel),
  };
  site.emit("CONV_2D", inputs, [output], { options });
}

function writeDepthwise(
  site: Site,
  { tensor, padding, output, weights, kernel }: Convolution,
): void {
  const [outputs = 1, , height = 1, width = 1] = weights.shape;
  const form = { axes: [1, 2, 3, 0], shape: [1, height, width, outputs], channelAxis: 3 };
  const inputs = [tensor, addWeights(site, weights, form), addBias(site, weights, outputs)];
  const options = {
    padding,
    fused_activation_function: site.activation,
    depth_multiplier: outputs / (site.shape(0)[1] ?? 1),
    ...strideOptions(kernel),
    ...dilationOptions(kernel),
  };
  site.emit("DEPTHWISE_CONV_2D", inputs, [output], { options });
}

/** Groups that are neither one nor as many as channels: a convolution each, which every runtime has. */
function writeGroups(site: Site, all: Convolution, groups: number): void {
  const { program } = site;
  const { tensor, output, weights } = all;
  const [outputs = 1] = weights.shape;
  const parts = splitChannels(site, tensor, groups);
  const results = parts.map((part, group) => {
    const of = program.of(output).shape;
    const to = site.between([...of.slice(0, 3), outputs / groups], output);
    const range = { from: (group * outputs) / groups, to: ((group + 1) * outputs) / groups };
    const own = channelsOf(weightsPart(weights, 0, range), range);
    writeDense(site, { ...all, tensor: part, output: to, weights: own });
    return to;
  });
  const options = { axis: 3, fused_activation_function: "NONE" };
  site.emit("CONCATENATION", results, [output], { options });
}

/** Scales and bias of a range of output channels. */
const channelsOf = (
  weights: Weights,
  { from, to }: { readonly from: number; readonly to: number },
): Weights => {
  const { scales, bias } = weights;
  return {
    ...weights,
    ...(scales === undefined
      ? {}
      : { scales: scales.length === 1 ? scales : scales.slice(from, to) }),
    ...(bias === undefined ? {} : { bias: bias.slice(from, to) }),
  };
};

function splitChannels(site: Site, tensor: number, groups: number): readonly number[] {
  const { shape } = site.program.of(tensor);
  const size = (shape[3] ?? 1) / groups;
  const parts = Array.from({ length: groups }, () =>
    site.between([...shape.slice(0, 3), size], tensor),
  );
  const sizes = site.constant("sizes", int32s(parts.map(() => size)));
  const axis = site.constant("axis", int32s([3], []));
  site.emit("SPLIT_V", [tensor, sizes, axis], parts, { options: { num_splits: groups } });
  return parts;
}

function writeConvTranspose(site: Site): void {
  const { node } = site;
  if (groupsOf(node) !== 1) throw refusal(node, "a transposed convolution has one group");
  const weights = weights2d(weightsOf(site));
  const [inputs = 1, outputs = 1, height = 1, width = 1] = weights.shape;
  const kernel = kernel2d(site, site.shape(1).slice(2));
  if (kernel.dilations.some((dilation) => dilation !== 1)) {
    throw refusal(node, "a transposed convolution has no dilations");
  }
  const input = site.input(0, "last");
  const output = site.output("last");
  const begin = cropOf(node, kernel);
  const target = site.program.of(output).shape;
  // All that the windows reach, or more where the graph's output goes on behind it.
  const full = kernel.from.map((size, axis) => {
    const reach = (size - 1) * (kernel.strides[axis] ?? 1) + (kernel.size[axis] ?? 1);
    return Math.max(reach, (begin[axis] ?? 0) + (kernel.to[axis] ?? 1));
  });
  const shape = [target[0] ?? 1, ...full, outputs];
  const isWhole = shape.join() === target.join();
  const made = isWhole ? output : site.between(shape, output);
  const form = { axes: [1, 2, 3, 0], shape: [outputs, height, width, inputs], channelAxis: 0 };
  site.emit(
    "TRANSPOSE_CONV",
    [
      site.constant("shape", int32s(shape)),
      addWeights(site, weights, form),
      input,
      addBias(site, weights, outputs),
    ],
    [made],
    { options: { padding: "VALID", ...strideOptions(kernel) } },
  );
  if (isWhole) return;
  const from = site.constant("begin", int32s([0, ...begin, 0]));
  site.emit("SLICE", [made, from, site.constant("size", int32s(target))], [output], {
    version: site.isInt8 ? 2 : 1,
  });
}

/** What is cut off before the output, an axis. */
function cropOf(node: Node, kernel: Kernel2d): readonly number[] {
  const isExplicit = !textOf(node, "auto_pad", "NOTSET").startsWith("SAME");
  if (isExplicit && intsOf(node, "output_shape") === undefined) return kernel.padBegin;
  throw refusal(node, "pads must be explicit, not auto_pad or output_shape");
}

/** Weights of a transposed convolution have their output channels second. */
const isInt8Transposed = (node: Node, values: Values): boolean =>
  intOf(node, "group", 1) === 1 && hasInt8Weights(node, values, 1);

/** How convolutions are written: one over one axis as one over two, of height 1. */
export const convolutionRules: Rules = {
  Conv: { write: writeConv, fuses: true, int8: (node, values) => hasInt8Weights(node, values, 0) },
  ConvTranspose: { write: writeConvTranspose, int8: isInt8Transposed },
};
