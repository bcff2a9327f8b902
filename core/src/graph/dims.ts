import type { Dim } from "./graph.ts";

/** A list of dimensions, outermost first. */
export type Shape = readonly Dim[];

/** Tells whether every dimension is a number. */
export const isStatic = (shape: Shape | undefined): shape is readonly number[] =>
  shape?.every((dim) => typeof dim === "number") ?? false;

/** Tells whether two dimensions cannot be the same size. Names may be any size. */
export const differ = (a: Dim, b: Dim): boolean =>
  typeof a === "number" && typeof b === "number" && a !== b;

/** Takes the more precise of two dimensions that must be equal. */
export const merge = (a: Dim, b: Dim): Dim => (typeof a === "number" ? a : b);

/**
 * Broadcasts one dimension against another; undefined when they do not fit.
 *
 * @param open Names the result where two different names meet, of which one may be 1.
 */
export function broadcastDim(a: Dim, b: Dim, open: () => Dim): Dim | undefined {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number") return typeof b === "number" ? undefined : a;
  return typeof b === "number" ? b : open();
}

/**
 * Broadcasts shapes as numpy does; undefined when they do not fit.
 *
 * @param open Names the dimension at an axis of the result that cannot be told.
 * @see https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md
 * @example
 * broadcast(["N", 1, 4], [3, 1], String); // => ["N", 3, 4]
 */
export function broadcast(a: Shape, b: Shape, open: (axis: number) => Dim): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const dims: Dim[] = [];
  for (let axis = 0; axis < rank; axis += 1) {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    const dim = broadcastDim(x, y, () => open(axis));
    if (dim === undefined) return undefined;
    dims.push(dim);
  }
  return dims;
}

/** Counts the elements; undefined when a dimension is a name. */
export const countOf = (shape: Shape | undefined): number | undefined =>
  isStatic(shape) ? shape.reduce((count, dim) => count * dim, 1) : undefined;

/**
 * Divides the number of elements of one shape by that of another; names cancel. Undefined when it does not divide
 * or names are left over.
 *
 * @example
 * quotient(["N", 4, 6], ["N", 3]); // => 8
 */
export function quotient(whole: Shape, part: Shape): Dim | undefined {
  const names = whole.filter((dim) => typeof dim === "string");
  let size = whole.reduce<number>((n, dim) => (typeof dim === "number" ? n * dim : n), 1);
  for (const dim of part) {
    if (typeof dim === "number") {
      size /= dim;
      continue;
    }
    const at = names.indexOf(dim);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  if (names.length === 0) return Number.isSafeInteger(size) ? size : undefined;
  return names.length === 1 && size === 1 ? names[0] : undefined;
}

/** Turns an axis that may count from the end into one from the start; undefined when it is outside. */
export function axisOf(axis: number, rank: number): number | undefined {
  const positive = axis < 0 ? axis + rank : axis;
  return Number.isInteger(axis) && positive >= 0 && positive < rank ? positive : undefined;
}
