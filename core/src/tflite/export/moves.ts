import type { Tensor } from "../../graph/tensor.ts";
import { sizeOf } from "../../graph/tensor.ts";
import type { Layout } from "./layout.ts";
import { storedShape } from "./layout.ts";
import type { Program } from "./program.ts";

/** A list of int32, as operators take their settings. */
export const int32s = (
  values: readonly number[],
  shape: readonly number[] = [values.length],
): Tensor => ({ dtype: "int32", shape, data: Int32Array.from(values) });

/** Adds a tensor that holds the same kind of numbers as another, in another shape. */
export function alike(
  program: Program,
  tensor: number,
  shape: readonly number[],
  name = "",
): number {
  const { type, quantization, name: from } = program.of(tensor);
  return program.tensor({ name: name === "" ? `${from}.moved` : name, type, shape, quantization });
}

const isShape = (program: Program, tensor: number, shape: readonly number[]): boolean =>
  program.of(tensor).shape.join() === shape.join();

/** Gives a tensor another shape; the same one where it has that already. */
export function reshaped(program: Program, tensor: number, shape: readonly number[]): number {
  if (isShape(program, tensor, shape)) return tensor;
  const to = alike(program, tensor, shape);
  reshapeInto(program, tensor, to);
  return to;
}

/** Writes a tensor's elements, as they lie, into another of as many. */
export function reshapeInto(program: Program, from: number, to: number): void {
  const { shape } = program.of(to);
  if (shape.length === 0) {
    // An empty list of sizes would be no list: a scalar is what remains when its axes go.
    const { length } = program.of(from).shape;
    const source = length === 0 ? reshaped(program, from, [1]) : from;
    const axes = Array.from({ length: Math.max(1, length) }, (_, axis) => axis);
    program.emit("SQUEEZE", [source], [to], { options: { squeeze_dims: axes } });
    return;
  }
  const target = program.constant(`${program.of(to).name}.shape`, int32s(shape));
  program.emit("RESHAPE", [from, target], [to], { options: { new_shape: shape } });
}

/** Reorders axes; by a mere change of shape where only axes of size 1 move. */
export function transposed(program: Program, tensor: number, axes: readonly number[]): number {
  const { shape } = program.of(tensor);
  const moved = axes.map((axis) => shape[axis] ?? 1);
  const long = axes.filter((axis) => shape[axis] !== 1);
  if (long.every((axis, at) => at === 0 || axis > (long[at - 1] ?? -1))) {
    return reshaped(program, tensor, moved);
  }
  const to = alike(program, tensor, moved);
  const order = program.constant(`${program.of(to).name}.axes`, int32s(axes));
  program.emit("TRANSPOSE", [tensor, order], [to]);
  return to;
}

/** What a value is when it changes its layout. */
export type Relayout = {
  readonly from: Layout;
  readonly to: Layout;
  readonly shape: readonly number[];
};

/** Brings a tensor that holds a value of a shape from one layout into another. */
export function relayout(program: Program, tensor: number, { from, to, shape }: Relayout): number {
  if (from === to) return tensor;
  const first = toFirst(program, tensor, from, shape);
  if (to === "first") return first;
  if (typeof to === "number") {
    const [rows = 1, size = 1] = shape;
    const split = reshaped(program, first, [rows, to, size / to]);
    return reshaped(program, transposed(program, split, [0, 2, 1]), shape);
  }
  const axes = shape.length === 3 ? [0, 2, 1] : [0, 2, 3, 1];
  return reshaped(program, transposed(program, first, axes), storedShape("last", shape));
}

function toFirst(program: Program, tensor: number, from: Layout, shape: readonly number[]): number {
  if (from === "first") return tensor;
  if (typeof from === "number") {
    const [rows = 1, size = 1] = shape;
    const split = reshaped(program, tensor, [rows, size / from, from]);
    return reshaped(program, transposed(program, split, [0, 2, 1]), shape);
  }
  const [n = 1, c = 1, w = 1] = shape;
  if (shape.length === 4) return transposed(program, tensor, [0, 3, 1, 2]);
  return transposed(program, reshaped(program, tensor, [n, w, c]), [0, 2, 1]);
}

/** Number of elements of a tensor. */
export const elementsOf = (program: Program, tensor: number): number =>
  sizeOf(program.of(tensor).shape);
