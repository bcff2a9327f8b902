import { intOf, intsOf } from "../../graph/attributes.ts";
import type { Attributes } from "../../graph/builder.ts";
import { int, ints, text } from "../../graph/builder.ts";
import type { Dim } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, sizeOf } from "../../graph/tensor.ts";
import { castTo } from "../emitter.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { expandLike, floatConstant, isStatic, range, reshapeLike } from "../shapes.ts";
import type { Window } from "../window.ts";
import { alongAxes, knownSize, windowOf } from "../window.ts";

const kernelOf = (c: RuleContext): readonly number[] =>
  intsOf(c.node, "kernel_shape") ?? c.refuse("kernel_shape is missing");

/** Windows that touch and do not overlap, without padding: every input element has at most one. */
const isTiling = (w: Window): boolean =>
  alongAxes(w, ({ k, s, d, b, e }) =>
    s === k && (d === 1 || k === 1) && b + e === 0 ? 0 : 1,
  ).every((different) => different === 0);

/** Lays tiles of one element a tap together to the input's shape; what no window reached becomes 0. */
function interleave(c: RuleContext, w: Window, taps: readonly string[]): string {
  const out = c
    .dims(c.y)
    .slice(2)
    .map((dim) => knownSize(c, dim));
  const rank = out.length;
  const last = c.ints([rank + 2]);
  const columns = taps.map((tap) => c.op("Unsqueeze", [tap, last]));
  const tiles = c.op("Concat", columns, { axis: int(rank + 2) });
  const inner = c.op("Reshape", [tiles, c.ints([0, 0, ...out, ...w.kernel])]);
  const pairs = range(0, rank).flatMap((i) => [2 + i, 2 + rank + i]);
  const ordered = rank === 1 ? inner : c.op("Transpose", [inner], { perm: ints([0, 1, ...pairs]) });
  const covered = alongAxes(w, ({ k, i }) => k * (out[i] ?? 0));
  const joined = c.op("Reshape", [ordered, c.ints([0, 0, ...covered])]);
  const sizes = c.dims(c.x(0)).slice(2);
  const rest = covered.map((size, i) => knownSize(c, sizes[i]) - size);
  if (rest.every((size) => size === 0)) return joined;
  return c.op("Pad", [
    joined,
    c.ints([...rest.map(() => 0), ...rest]),
    "",
    c.ints(range(2, 2 + rank)),
  ]);
}

/**
 * The first of equal maxima takes the whole gradient, as in PyTorch's pools.
 *
 * Pools whose windows tile the input do not come here: `unrollMaxPool` writes them out as comparisons before, which
 * costs a third of this scatter.
 */
const maxPool: Rule = (c) => [
  () => {
    const rowMajor = { ...c.node.attributes, storage_order: int(0) };
    const places = c.ops("MaxPool", [c.x(0)], 2, rowMajor)[1] ?? "";
    const flat = (value: string): string => c.op("Reshape", [value, c.ints([-1])]);
    const size = c.op("Reshape", [c.op("Size", [c.x(0)]), c.ints([1])]);
    const zeros = c.op("Expand", [c.number(0), size]);
    const adds = { reduction: text("add") };
    const sums = c.op("ScatterElements", [zeros, flat(places), flat(c.up)], adds);
    return reshapeLike(c, sums, c.x(0));
  },
];

/** How many elements each window averages, `[1, 1, ...out]`: those inside the input, or inside its padding too. */
function countsOf(c: RuleContext, w: Window, out: readonly Dim[], withPads: boolean): Tensor {
  const sizes = c
    .dims(c.x(0))
    .slice(2)
    .map((dim) => knownSize(c, dim));
  const along = alongAxes(w, () => 0).map((_, i) =>
    range(0, knownSize(c, out[i])).map((position) => {
      const start = position * (w.strides[i] ?? 1) - (w.begins[i] ?? 0);
      const end = (sizes[i] ?? 0) + (withPads ? (w.ends[i] ?? 0) : 0);
      const taps = range(0, w.kernel[i] ?? 1).map((tap) => start + tap * (w.dilations[i] ?? 1));
      return taps.filter((at) => (withPads || at >= 0) && at < end).length;
    }),
  );
  const counts = along.reduce((all, axis) => all.flatMap((a) => axis.map((b) => a * b)), [1]);
  return f32(counts, [1, 1, ...along.map((axis) => axis.length)]);
}

const averagePool: Rule = (c) => [
  () => {
    const [sizes, out] = [c.dims(c.x(0)).slice(2), c.dims(c.y).slice(2)];
    const w = windowOf(c, kernelOf(c), sizes);
    const all = sizeOf(w.kernel);
    const withPads = intOf(c.node, "count_include_pad", 0) === 1;
    const isCeil = intOf(c.node, "ceil_mode", 0) === 1;
    const even = !isCeil && (withPads || [...w.begins, ...w.ends].every((pad) => pad === 0));
    const share = even
      ? c.op("Div", [c.up, c.number(all)])
      : c.op("Div", [c.up, floatConstant(c, countsOf(c, w, out, withPads))]);
    if (isTiling(w) && !isCeil)
      return interleave(
        c,
        w,
        range(0, all).map(() => share),
      );
    // Every channel alike: channels join the batch, and the kernel is all ones.
    const images = c.op("Reshape", [
      share,
      c.ints([-1, 1, ...out.map((dim) => knownSize(c, dim))]),
    ]);
    // How far the last window reaches beyond the input; below 0 it ends before.
    const beyond = alongAxes(w, ({ k, s, d, b, i }) => {
      const last = s * (knownSize(c, out[i]) - 1) + d * (k - 1) + 1;
      return last - b - knownSize(c, sizes[i]);
    });
    const ones = floatConstant(c, f32(new Float32Array(all).fill(1), [1, 1, ...w.kernel]));
    const attributes: Attributes = {
      kernel_shape: ints(w.kernel),
      strides: ints(w.strides),
      dilations: ints(w.dilations),
      pads: ints([...w.begins, ...beyond.map((excess) => Math.max(excess, 0))]),
      output_padding: ints(beyond.map((excess) => Math.max(-excess, 0))),
    };
    return reshapeLike(c, c.op("ConvTranspose", [images, ones], attributes), c.x(0));
  },
];

const globalAverage: Rule = (c) => [
  () => {
    const sizes = c.dims(c.x(0)).slice(2);
    const count = isStatic(sizes)
      ? c.number(sizeOf(sizes))
      : c.op("Cast", [c.op("Div", [c.op("Size", [c.x(0)]), c.op("Size", [c.y])])], castTo(c.float));
    return expandLike(c, c.op("Div", [c.up, count]), c.x(0));
  },
];

const globalMax: Rule = (c) => [
  () => {
    const flat = (value: string): string => c.op("Reshape", [value, c.ints([0, 0, -1])]);
    const pixels = flat(c.x(0));
    const first = c.op("ArgMax", [pixels], { axis: int(2) });
    const zeros = c.op("Expand", [c.number(0), c.op("Shape", [pixels])]);
    return reshapeLike(
      c,
      c.op("ScatterElements", [zeros, first, flat(c.up)], { axis: int(2) }),
      c.x(0),
    );
  },
];

/** Pools. */
export type PoolingOp = "MaxPool" | "AveragePool" | "GlobalAveragePool" | "GlobalMaxPool";

/** Gradients of pools. */
export const pooling: Readonly<Record<PoolingOp, Rule>> = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAverage,
  GlobalMaxPool: globalMax,
};
