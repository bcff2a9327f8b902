import { intOf } from "../../graph/attributes.ts";
import type { Graph, Node } from "../../graph/graph.ts";
import type { Tensor, TensorOf } from "../../graph/tensor.ts";
import { f32 } from "../../graph/tensor.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import type { AdaptableLayer } from "./layer.ts";

/** Largest bias that is used: rounding its scale to float32 cannot overflow 32 bits. */
const int32BiasMax = 2 ** 31 - 2 ** 9;

const limits: Readonly<Record<"int8" | "uint8", readonly [low: number, high: number]>> = {
  // Symmetric: -128 has no counterpart.
  int8: [-127, 127],
  uint8: [0, 255],
};

type Quantized = {
  readonly weight: TensorOf<"int8"> | TensorOf<"uint8">;
  readonly scaleName: string;
  readonly scale: TensorOf<"float32">;
  readonly zeroPoints: ArrayLike<number>;
  /** Channel of element i is `⌊i / stride⌋ mod channels`. */
  readonly channelOf: (at: number) => number;
};

/** A 32-bit bias of a layer and the initialisers that hold it. */
type Bias = {
  readonly name: string;
  readonly tensor: TensorOf<"int32">;
  readonly scaleName: string;
  readonly scale: TensorOf<"float32">;
};

/**
 * Rounds integer weights anew after a change, with new scales and the zero points that they have.
 *
 * @param change Laid out as the weights, in real numbers.
 * @returns New integers and scales by name, those of 32-bit biases in units of the weight's scale included.
 * @throws `ADAPTER_INVALID` for what is not a constant int8 or uint8 weight with a scale a tensor or a channel.
 */
export function requantized(
  model: Graph,
  layer: AdaptableLayer,
  change: Float64Array,
): ReadonlyMap<string, Tensor> {
  const old = quantizedOf(model, layer);
  const { weight, scale, zeroPoints, channelOf } = old;
  const [low, high] = limits[weight.dtype];
  const reals = change.map((delta, at) => {
    const channel = channelOf(at);
    const integer = (weight.data[at] ?? 0) - (zeroPoints[channel] ?? 0);
    return integer * (scale.data[channel] ?? 1) + delta;
  });
  const biases = layer.nodes.flatMap((node) => biasOf(model, node));
  const needed = new Float64Array(scale.data.length);
  for (const [at, real] of reals.entries()) {
    const channel = channelOf(at);
    const room = real < 0 ? low - (zeroPoints[channel] ?? 0) : high - (zeroPoints[channel] ?? 0);
    needed[channel] = Math.max(needed[channel] ?? 0, real === 0 ? 0 : real / room);
  }
  for (const bias of biases) raiseForBias(needed, old, bias);
  const scales = Float32Array.from(needed, (value, at) =>
    value === 0 ? (scale.data[at] ?? 1) : value,
  );
  const data = weight.data.slice();
  for (const [at, real] of reals.entries()) {
    const channel = channelOf(at);
    const integer = Math.round(real / (scales[channel] ?? 1)) + (zeroPoints[channel] ?? 0);
    data[at] = Math.min(high, Math.max(low, integer));
  }
  return new Map<string, Tensor>([
    [layer.weight, { ...weight, data } as Tensor],
    [old.scaleName, f32(scales, scale.shape)],
    ...biases.flatMap((bias) => movedBias(bias, old, scales)),
  ]);
}

function quantizedOf(model: Graph, { weight, tensor, dequantize }: AdaptableLayer): Quantized {
  const refuse = (): never => {
    throw new EdgeloopError(
      "ADAPTER_INVALID",
      `"${weight}" cannot be rounded anew: only constant int8 and uint8 weights with a scale a tensor or a channel can; leave the adapter beside it`,
      { details: { weight, dtype: tensor.dtype } },
    );
  };
  const [, scaleName = "", zeroName = ""] = dequantize?.inputs ?? [];
  const scale = model.initializers.get(scaleName);
  const zero = zeroName === "" ? undefined : model.initializers.get(zeroName);
  const isBlocked = dequantize !== undefined && intOf(dequantize, "block_size", 0) > 0;
  const isConstant = scale?.dtype === "float32" && (zeroName === "" || zero !== undefined);
  if (dequantize === undefined || isBlocked || !isConstant) return refuse();
  if (tensor.dtype !== "int8" && tensor.dtype !== "uint8") return refuse();
  const axis = intOf(dequantize, "axis", 1);
  const from = axis < 0 ? axis + tensor.shape.length : axis;
  const stride = tensor.shape.slice(from + 1).reduce((a, b) => a * b, 1);
  const channels = scale.data.length;
  return {
    weight: tensor,
    scaleName,
    scale,
    zeroPoints: Array.from((zero?.data ?? []) as ArrayLike<number>),
    channelOf: channels === 1 ? () => 0 : (at) => Math.floor(at / stride) % channels,
  };
}

function biasOf(model: Graph, node: Node): readonly Bias[] {
  const name = node.inputs[2] ?? "";
  const source = model.nodes.find(
    ({ op, outputs }) => op === "DequantizeLinear" && outputs[0] === name,
  );
  const [integers = "", scaleName = ""] = source?.inputs ?? [];
  const [tensor, scale] = [model.initializers.get(integers), model.initializers.get(scaleName)];
  if (tensor?.dtype !== "int32" || scale?.dtype !== "float32") return [];
  return [{ name: integers, tensor, scaleName, scale }];
}

/** Bias and weight count in the same channels; with one scale for all, every bias does in that. */
const channelOfBias = (old: Quantized, at: number): number =>
  old.scale.data.length === 1 ? 0 : at;

const unitOf = (bias: Bias, at: number): number =>
  bias.scale.data[bias.scale.data.length === 1 ? 0 : at] ?? 1;

/** A scale grows where the bias would not fit 32 bits in units of it. */
function raiseForBias(needed: Float64Array, old: Quantized, bias: Bias): void {
  for (const [at, integer] of bias.tensor.data.entries()) {
    const channel = channelOfBias(old, at);
    const least = (Math.abs(integer) * (old.scale.data[channel] ?? 1)) / int32BiasMax;
    needed[channel] = Math.max(needed[channel] ?? 0, least);
  }
}

function movedBias(
  bias: Bias,
  old: Quantized,
  scales: Float32Array,
): readonly (readonly [string, Tensor])[] {
  const growth = (at: number): number => {
    const channel = channelOfBias(old, at);
    return (scales[channel] ?? 1) / (old.scale.data[channel] ?? 1);
  };
  const data = bias.tensor.data.map((integer, at) => Math.round(integer / growth(at)));
  const units = bias.scale.data.map((_, at) => unitOf(bias, at) * growth(at));
  return [
    [bias.name, { ...bias.tensor, data }],
    [bias.scaleName, f32(units, bias.scale.shape)],
  ];
}
