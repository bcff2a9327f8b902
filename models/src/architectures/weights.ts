import type { TensorOf } from "@edgeloop/core/graph";
import { f32, sizeOf } from "@edgeloop/core/graph";
import type { Rng } from "@edgeloop/core/platform";
import { gaussian } from "@edgeloop/core/platform";

/**
 * Draws starting weights for a layer that is followed by Relu: N(0, 2 / fan-in).
 *
 * @param shape Weight shape `[out, in, …kernel]`; fan-in is the product of all but the first.
 * @see He et al. 2015, arXiv:1502.01852 eq. 10
 */
export function heNormal(shape: readonly number[], rng: Rng): TensorOf<"float32"> {
  const deviation = Math.sqrt(2 / sizeOf(shape.slice(1)));
  return f32(
    Float32Array.from({ length: sizeOf(shape) }, () => deviation * gaussian(rng)),
    shape,
  );
}

/**
 * Draws starting weights for a linear layer: U(−1/√fan-in, 1/√fan-in).
 *
 * @param shape Weight shape `[out, in]`.
 * @see LeCun et al. 1998, Efficient BackProp, §4.6
 */
export function uniformFanIn(shape: readonly number[], rng: Rng): TensorOf<"float32"> {
  const bound = 1 / Math.sqrt(sizeOf(shape.slice(1)));
  return f32(
    Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * rng() - 1)),
    shape,
  );
}

/** A tensor of one repeated value. */
export const filled = (shape: readonly number[], value: number): TensorOf<"float32"> =>
  f32(new Float32Array(sizeOf(shape)).fill(value), shape);
