import type { Node } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { f32, sizeOf } from "../../../graph/tensor.ts";
import type { TfliteQuantization } from "../../model.ts";
import type { Integers } from "../integers.ts";
import { permuted } from "../layout.ts";
import type { Site } from "../site.ts";
import type { Values } from "../values.ts";

/** Weights and bias of a node as constants; with integers, in .tflite's own scales. */
export type Weights = {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int8Array;
  /** Of int8 weights: one scale for all, or one an output channel. */
  readonly scales?: readonly number[];
  /** One an output channel, in float, whatever the graph has. */
  readonly bias?: Float32Array | undefined;
};

/** The integers of a constant behind its DequantizeLinear. */
export function integersBehind(name: string, values: Values): Integers | undefined {
  const maker = values.maker(name);
  return maker?.op === "DequantizeLinear" ? values.weights(maker) : undefined;
}

/**
 * Whether a node's weights are integers that int8 kernels take: symmetric, with one scale or one an output channel; and
 * its bias is a constant.
 */
export function hasInt8Weights(node: Node, values: Values, channelAxis: number): boolean {
  const found = integersBehind(node.inputs[1] ?? "", values);
  const bias = node.inputs[2] ?? "";
  return (
    found?.data instanceof Int8Array &&
    (found.quantization.scales.length === 1 || found.quantization.axis === channelAxis) &&
    (bias === "" || values.constant(bias) !== undefined)
  );
}

/** Reads the weights of a node. */
export function weightsOf(site: Site): Weights {
  const { node, values } = site;
  const bias = site.has(2) ? { bias: site.floats(2, "the bias").data } : {};
  const integers = site.isInt8 ? integersBehind(node.inputs[1] ?? "", values) : undefined;
  const shape = site.shape(1);
  if (integers?.data instanceof Int8Array) {
    return { shape, data: integers.data, scales: integers.quantization.scales, ...bias };
  }
  return { shape, data: site.floats(1, "the weights").data, ...bias };
}

/** Where weights of a form of .tflite come from, and which of its axes is the output channel. */
export type WeightForm = {
  readonly axes: readonly number[];
  readonly shape: readonly number[];
  readonly channelAxis: number;
};

/** Adds weights in the form that an operator takes. */
export function addWeights(site: Site, weights: Weights, form: WeightForm): number {
  const { program, node } = site;
  const data = permuted(weights.data, weights.shape, form.axes);
  const name = `${node.inputs[1]}.last`;
  const { scales } = weights;
  if (scales === undefined) {
    return program.constant(name, f32(data as Float32Array, form.shape));
  }
  const tensor: Tensor = { dtype: "int8", shape: form.shape, data: data as Int8Array };
  return program.constant(name, tensor, symmetric(scales, form.channelAxis));
}

/** Adds a bias for each output channel: zeros where the graph has none; with int8 in 32 bits, at input × weight scale. */
export function addBias(site: Site, { scales, bias }: Weights, channels: number): number {
  const { program, node } = site;
  const name = node.inputs[2] || `${node.outputs[0]}.bias`;
  const values = bias ?? new Float32Array(channels);
  if (scales === undefined) return program.constant(name, f32(values, [channels]));
  const [input = 1] = site.scale(0)?.scales ?? [];
  const units = scales.map((scale) => Math.fround(scale * input));
  const data = Int32Array.from(values, (value, channel) => {
    const unit = units[units.length === 1 ? 0 : channel] ?? 1;
    return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.round(value / unit)));
  });
  return program.constant(name, { dtype: "int32", shape: [channels], data }, symmetric(units, 0));
}

const symmetric = (scales: readonly number[], axis: number): TfliteQuantization => ({
  scales,
  zeroPoints: scales.map(() => 0),
  axis: scales.length === 1 ? 0 : axis,
});

/** The part of weights and bias that belongs to some output channels. */
export function weightsPart(
  { shape, data, scales, bias }: Weights,
  axis: number,
  { from, to }: { readonly from: number; readonly to: number },
): Weights {
  const stride = sizeOf(shape.slice(axis + 1));
  const size = shape[axis] ?? 1;
  const inPart = (at: number): boolean => {
    const along = Math.floor(at / stride) % size;
    return along >= from && along < to;
  };
  const kept = (data as Float32Array).filter((_, at) => inPart(at)) as typeof data;
  return {
    shape: shape.map((dim, at) => (at === axis ? to - from : dim)),
    data: kept,
    ...(scales === undefined ? {} : { scales }),
    ...(bias === undefined ? {} : { bias }),
  };
}
