import { sizeOf } from "../../graph/tensor.ts";

/**
 * How a value of a graph lies in a .tflite tensor.
 *
 * - `first`: as in the graph, channels before positions.
 * - `last`: `[N, C, H, W]` as `[N, H, W, C]`, and `[N, C, W]` as `[N, 1, W, C]`: what convolutions take.
 * - a number: `[N, C·positions]` with that many channels C, position by position instead of channel by channel: what
 *   flattening `last` gives. A product with weights takes it by reordering them.
 */
export type Layout = "first" | "last" | number;

/** Axes of the graph's value in the order of the tensor's; -1 for one of size 1 that the value does not have. */
export function storedAxes(layout: Layout, rank: number): readonly number[] {
  if (layout !== "last") return Array.from({ length: rank }, (_, axis) => axis);
  return rank === 3 ? [0, -1, 2, 1] : [0, 2, 3, 1];
}

/** Whether a value of a rank can lie with its channels last. */
export const hasChannels = (rank: number): boolean => rank === 3 || rank === 4;

/** The shape of the tensor that holds a value of a shape. */
export const storedShape = (layout: Layout, shape: readonly number[]): readonly number[] =>
  storedAxes(layout, shape.length).map((axis) => shape[axis] ?? 1);

/** The axis of the tensor that is an axis of the value. */
export const storedAxis = (layout: Layout, rank: number, axis: number): number =>
  storedAxes(layout, rank).indexOf(axis);

/** Lists per axis of the value in the order of the tensor's axes, with `blank` where it has none. */
export const storedList = (
  layout: Layout,
  list: readonly number[],
  blank: number,
): readonly number[] => storedAxes(layout, list.length).map((axis) => list[axis] ?? blank);

/** The part of an array that reordering needs. */
type Elements = { readonly length: number; slice(): Elements; [index: number]: unknown };

/**
 * Reorders the elements of a dense array.
 *
 * @param axes The source's axis that each axis of the result is.
 */
export function permuted<T extends Elements>(
  data: T,
  shape: readonly number[],
  axes: readonly number[],
): T {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const target = data.slice() as T;
  const dims = axes.map((axis) => shape[axis] ?? 1);
  const steps = axes.map((axis) => strides[axis] ?? 0);
  const position = dims.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to += 1) {
    target[to as keyof T & number] = data[from] as T[keyof T & number];
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      const step = steps[axis] ?? 0;
      position[axis] = (position[axis] ?? 0) + 1;
      from += step;
      if ((position[axis] ?? 0) < (dims[axis] ?? 1)) break;
      from -= step * (dims[axis] ?? 1);
      position[axis] = 0;
    }
  }
  return target;
}
