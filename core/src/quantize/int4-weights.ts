import type { Tensor } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import { roundHalfEven, scaleMin } from "./int8-params.ts";

/** Weights along the input axis that share one scale. */
export const int4Block = 32;

/** Least and largest 4-bit integer. */
const [low, high] = [-8, 7];

/** Candidates for a scale: from the one that represents the largest weight down to 60 % of it. */
const candidates = 12;

/** A matrix of weights as blocks see it: `rows` runs of `inputs` weights, `stride` apart. */
export type BlockedShape = {
  readonly shape: readonly number[];
  /** The axis that products sum over, and blocks lie along. */
  readonly axis: number;
};

/** 4-bit integers of some weights and a scale for each block. */
export type BlockedWeights = { readonly integers: Tensor; readonly scales: Tensor };

/**
 * Rounds weights to signed 4-bit integers, two to a byte, with a scale for each block of 32 along the input axis: the one
 * of some candidates that makes the least squared error.
 *
 * @param weights Row-major, of this shape.
 * @returns Integers of that shape; scales of that shape but for the axis, which counts blocks.
 * @see https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html (blocked, opset 21)
 */
export function int4Weights(weights: Float32Array, { shape, axis }: BlockedShape): BlockedWeights {
  const inputs = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((n, dim) => n * dim, 1);
  const outer = weights.length / (inputs * inner);
  const blocks = Math.ceil(inputs / int4Block);
  const packed = new Uint8Array(Math.ceil(weights.length / 2));
  const scales = new Float32Array(outer * blocks * inner);
  for (let at = 0; at < scales.length; at += 1) {
    const block = Math.floor(at / inner) % blocks;
    const start = Math.floor(at / (blocks * inner)) * inputs * inner + (at % inner);
    const rows = Array.from(
      { length: Math.min(int4Block, inputs - block * int4Block) },
      (_, i) => start + (block * int4Block + i) * inner,
    );
    const values = rows.map((row) => weights[row] ?? 0);
    const scale = blockScale(values);
    scales[at] = scale;
    for (const [i, row] of rows.entries()) {
      const nibble = roundTo(values[i] ?? 0, scale) & 0xf;
      packed[row >> 1] = (packed[row >> 1] ?? 0) | (nibble << (row % 2 === 0 ? 0 : 4));
    }
  }
  const counts = shape.map((dim, i) => (i === axis ? blocks : dim));
  return {
    integers: { dtype: "int4", shape, data: packed },
    scales: f32(scales, counts),
  };
}

const roundTo = (value: number, scale: number): number =>
  Math.min(high, Math.max(low, roundHalfEven(Math.fround(value / scale))));

/** The scale whose integers are nearest to some values. */
function blockScale(values: readonly number[]): number {
  const largest = Math.max(...values.map(Math.abs));
  if (largest === 0) return 1;
  let best = { scale: largest / high, error: Number.POSITIVE_INFINITY };
  for (let i = 0; i < candidates; i += 1) {
    const share = 1 - (0.4 * i) / candidates;
    const scale = Math.fround(Math.max((share * largest) / high, scaleMin));
    const error = values.reduce((sum, v) => sum + (v - roundTo(v, scale) * scale) ** 2, 0);
    if (error < best.error) best = { scale, error };
  }
  return best.scale;
}
