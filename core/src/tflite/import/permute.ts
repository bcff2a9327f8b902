import { dtypes } from "../../graph/dtypes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { sizeOf } from "../../graph/tensor.ts";

/** Axes of a channels-first value in a channels-last one: NHWC read as NCHW. */
export const toFirst: readonly number[] = [0, 3, 1, 2];
/** The way back. */
export const toLast: readonly number[] = [0, 2, 3, 1];

/** Tells whether a permutation leaves everything where it is. */
export const isIdentity = (permutation: readonly number[]): boolean =>
  permutation.every((axis, index) => axis === index);

/**
 * Lays a constant out in another order of axes. Data is copied unless nothing moves.
 *
 * @param permutation Axis `i` of the result is axis `permutation[i]` of the tensor. Its dtype has whole bytes.
 * @example
 * const matrix = { dtype: "int8", shape: [2, 2], data: Int8Array.of(1, 2, 3, 4) };
 * permute(matrix, [1, 0]).data; // => Int8Array.of(1, 3, 2, 4)
 */
export function permute(tensor: Tensor, permutation: readonly number[]): Tensor {
  const { array } = dtypes[tensor.dtype];
  const { data } = tensor;
  if (isIdentity(permutation) || array === undefined || !ArrayBuffer.isView(data)) return tensor;
  const shape = permutation.map((axis) => tensor.shape[axis] ?? 1);
  const steps = permutation.map((axis) => sizeOf(tensor.shape.slice(axis + 1)));
  const moved = new array(data.length);
  const at = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < moved.length; to += 1) {
    moved[to] = data[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const step = steps[axis] ?? 0;
      const position = (at[axis] ?? 0) + 1;
      from += step;
      if (position < (shape[axis] ?? 1)) {
        at[axis] = position;
        break;
      }
      from -= step * position;
      at[axis] = 0;
    }
  }
  return { dtype: tensor.dtype, shape, data: moved } as Tensor;
}
