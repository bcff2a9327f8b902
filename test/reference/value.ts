import type { DType, Tensor } from "../../core/src/graph/tensor.ts";
import { sizeOf } from "../../core/src/graph/tensor.ts";

/** A tensor inside the interpreter: every element a float64, the dtype a tag (int64 is exact up to 2^53). */
export type Value = {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
};

const floats: ReadonlySet<DType> = new Set(["float16", "float32", "float64"]);

/** Tells whether a dtype is computed in float64 here. */
export const isFloat = (dtype: DType): boolean => floats.has(dtype);

/** Makes a value from numbers. */
export function value(
  dtype: DType,
  shape: readonly number[],
  data: ArrayLike<number> = new Float64Array(sizeOf(shape)),
): Value {
  const array = data instanceof Float64Array ? data : Float64Array.from(data);
  if (array.length !== sizeOf(shape)) throw new Error(`[${shape}] is not ${array.length} elements`);
  return { dtype, shape: [...shape], data: array };
}

/** Reads a tensor; a float keeps its own precision's value. */
export function fromTensor(tensor: Tensor): Value {
  if (tensor.dtype === "string" || tensor.dtype === "float16") throw new Error(tensor.dtype);
  return value(
    tensor.dtype,
    tensor.shape,
    Float64Array.from(tensor.data as Iterable<number>, Number),
  );
}

/** Writes a tensor: floats as float64, everything else in its own dtype. */
export function toTensor({ dtype, shape, data }: Value): Tensor {
  switch (dtype) {
    case "int64":
      return { dtype, shape, data: BigInt64Array.from(data, BigInt) };
    case "int32":
      return { dtype, shape, data: Int32Array.from(data) };
    case "int8":
      return { dtype, shape, data: Int8Array.from(data) };
    case "uint8":
      return { dtype, shape, data: Uint8Array.from(data) };
    case "bool":
      return { dtype, shape, data: Uint8Array.from(data) };
    default:
      return { dtype: "float64", shape, data };
  }
}

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

/** Calls `visit` with every index of a shape in row-major order; the array is reused. */
export function eachIndex(
  shape: readonly number[],
  visit: (index: readonly number[], flat: number) => void,
): void {
  const index = shape.map(() => 0);
  const size = sizeOf(shape);
  for (let flat = 0; flat < size; flat += 1) {
    visit(index, flat);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** Sum of products of an index and strides. */
export const dot = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0);

/** The shape that numpy's broadcasting gives. */
export function broadcastShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = dims.find((dim) => dim !== 1) ?? 1;
    if (dims.some((dim) => dim !== 1 && dim !== size))
      throw new Error(`cannot broadcast ${shapes.join(" | ")}`);
    return size;
  });
}

/** Repeats a value to a shape that it broadcasts to. */
export function expand(x: Value, shape: readonly number[]): Value {
  if (x.shape.join() === shape.join()) return x;
  const own = stridesOf(x.shape);
  const lead = shape.length - x.shape.length;
  const strides = shape.map((_, axis) =>
    axis < lead || x.shape[axis - lead] === 1 ? 0 : own[axis - lead]!,
  );
  const result = value(x.dtype, shape);
  eachIndex(shape, (index, flat) => {
    result.data[flat] = x.data[dot(index, strides)]!;
  });
  return result;
}

/** Applies a function element by element with broadcasting. */
export function zip(
  values: readonly Value[],
  dtype: DType,
  apply: (...elements: number[]) => number,
): Value {
  const shape = broadcastShape(...values.map((x) => x.shape));
  const same = values.map((x) => expand(x, shape).data);
  return value(
    dtype,
    shape,
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => apply(...same.map((x) => x[i]!))),
  );
}

/** Counts an axis from the front. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Reorders axes. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  const strides = stridesOf(x.shape);
  const result = value(
    x.dtype,
    permutation.map((axis) => x.shape[axis]!),
  );
  const moved = permutation.map((axis) => strides[axis]!);
  eachIndex(result.shape, (index, flat) => {
    result.data[flat] = x.data[dot(index, moved)]!;
  });
  return result;
}
