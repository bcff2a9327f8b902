import { int } from "../graph/builder.ts";
import type { Dim } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { castTo } from "./emitter.ts";
import type { RuleContext } from "./rule.ts";

/** Tells whether every size is known before anything runs. */
export const isStatic = (dims: readonly Dim[]): dims is readonly number[] =>
  dims.every((dim) => typeof dim === "number");

/** Counts up from `from` to before `to`. */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** Counts an axis from the front. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Gives `value` the shape of `name`, by a constant where one can say it, else at run time. */
export function reshapeLike(c: RuleContext, value: string, name: string): string {
  const dims = c.dims(name);
  const unknown = dims.filter((dim) => typeof dim === "string").length;
  if (unknown > 1 || (unknown === 1 && dims.includes(0))) {
    return c.op("Reshape", [value, c.op("Shape", [name])], { allowzero: int(1) });
  }
  const sizes = dims.map((dim) => (typeof dim === "string" ? -1 : dim));
  return c.op("Reshape", [value, c.ints(sizes)], dims.includes(0) ? { allowzero: int(1) } : {});
}

/** Repeats `value` to the shape of `name`. */
export const expandLike = (c: RuleContext, value: string, name: string): string =>
  c.op("Expand", [value, c.op("Shape", [name])]);

/** A zero of the shape of `name`. */
export const zerosLike = (c: RuleContext, name: string): string => expandLike(c, c.number(0), name);

/** Adds up along constant axes. */
export const sumOver = (
  c: RuleContext,
  value: string,
  axes: readonly number[],
  keepdims = false,
): string =>
  axes.length === 0
    ? value
    : c.op("ReduceSum", [value, c.ints(axes)], { keepdims: int(keepdims ? 1 : 0) });

/**
 * Undoes broadcasting: adds up a gradient of sizes `out` over the axes along which `to` was repeated.
 *
 * Forgetting it gives wrong step sizes, not an error; every rule of a broadcasting operator goes through here.
 */
export function sumLike(c: RuleContext, value: string, out: readonly Dim[], to: string): string {
  const dims = c.dims(to);
  const lead = out.length - dims.length;
  const repeated = dims.map((dim, axis) => isRepeated(dim, out[axis + lead] ?? 1));
  if (repeated.includes("unknown")) return sumAtRunTime(c, value, to, lead);
  const inner = range(0, dims.length).filter((axis) => repeated[axis] === "yes");
  if (inner.length === 0) return sumOver(c, value, range(0, lead));
  if (lead === 0) return sumOver(c, value, inner, true);
  const axes = [...range(0, lead), ...inner.map((axis) => axis + lead)];
  return reshapeLike(c, sumOver(c, value, axes), to);
}

function isRepeated(dim: Dim, out: Dim): "yes" | "no" | "unknown" {
  if (dim === out || (typeof dim === "number" && dim !== 1)) return "no";
  return dim === 1 ? "yes" : "unknown";
}

/**
 * A symbolic size may turn out to be 1: an axis of `out` elements is read as `[own, out / own]` and summed over the
 * second, which leaves it as it is when nothing was repeated.
 */
function sumAtRunTime(c: RuleContext, value: string, to: string, lead: number): string {
  const shape = c.op("Shape", [to]);
  const ones = c.ints(range(0, lead).map(() => 1));
  const own = lead === 0 ? shape : c.op("Concat", [ones, shape], { axis: int(0) });
  const times = c.op("Div", [c.op("Shape", [value]), c.op("Max", [own, c.ints([1])])]);
  const pairs = [own, times].map((sizes) => c.op("Unsqueeze", [sizes, c.ints([1])]));
  const paired = c.op("Reshape", [c.op("Concat", pairs, { axis: int(1) }), c.ints([-1])]);
  const split = c.op("Reshape", [value, paired], { allowzero: int(1) });
  const rank = lead + c.dims(to).length;
  const sum = sumOver(
    c,
    split,
    range(0, rank).map((axis) => 2 * axis + 1),
  );
  return lead === 0 ? sum : c.op("Reshape", [sum, shape], { allowzero: int(1) });
}

/** Keeps a gradient where a condition holds; elsewhere it is 0 (also where it is not finite). */
export const keepWhere = (c: RuleContext, condition: string, value: string): string =>
  c.op("Where", [condition, value, c.number(0)]);

/** Turns a condition into ones and zeros. */
export const asNumber = (c: RuleContext, condition: string): string =>
  c.op("Cast", [condition], castTo(c.float));

/** Cuts `ends - starts` elements, `steps` apart, along `axes`; all constants. */
export const cut = (
  c: RuleContext,
  value: string,
  at: {
    readonly axes: readonly number[];
    readonly starts: readonly number[];
    readonly ends: readonly number[];
    readonly steps: readonly number[];
  },
): string =>
  c.op("Slice", [value, c.ints(at.starts), c.ints(at.ends), c.ints(at.axes), c.ints(at.steps)]);

/** A float constant in the dtype that the node computes in. */
export function floatConstant(c: RuleContext, tensor: Tensor): string {
  const name = c.tensor(tensor);
  return c.float === "float32" ? name : c.op("Cast", [name], castTo(c.float));
}
