import type { Value } from "./value.ts";
import { dot, eachIndex, stridesOf, value } from "./value.ts";

/** Builds a tensor of a shape by asking where each element comes from; `undefined` takes `otherwise`. */
export function pick(
  x: Value,
  shape: readonly number[],
  from: (index: readonly number[]) => readonly number[],
  otherwise = 0,
): Value {
  const strides = stridesOf(x.shape);
  const y = value(x.dtype, shape);
  eachIndex(shape, (index, flat) => {
    const source = from(index);
    const inside = source.every((i, axis) => i >= 0 && i < x.shape[axis]!);
    y.data[flat] = inside ? x.data[dot(source, strides)]! : otherwise;
  });
  return y;
}
