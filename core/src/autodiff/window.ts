import { intsOf, textOf } from "../graph/attributes.ts";
import type { Dim } from "../graph/graph.ts";
import type { RuleContext } from "./rule.ts";
import { cut, range } from "./shapes.ts";

/** How a convolution or pool slides: one entry a spatial axis, padding explicit. */
export type Window = {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
};

/**
 * Reads a node's sliding window; automatic padding is resolved from the input's sizes.
 *
 * @param sizes Spatial sizes of the (unpadded) input.
 */
export function windowOf(c: RuleContext, kernel: readonly number[], sizes: readonly Dim[]): Window {
  const rank = kernel.length;
  const each = (value: number): number[] => kernel.map(() => value);
  const strides = intsOf(c.node, "strides") ?? each(1);
  const dilations = intsOf(c.node, "dilations") ?? each(1);
  const auto = textOf(c.node, "auto_pad", "NOTSET");
  if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
    const total = kernel.map((k, i) => {
      const size = knownSize(c, sizes[i]);
      const stride = strides[i] ?? 1;
      return Math.max(
        0,
        (Math.ceil(size / stride) - 1) * stride + (dilations[i] ?? 1) * (k - 1) + 1 - size,
      );
    });
    const less = total.map((t) => Math.floor(t / 2));
    const more = total.map((t) => Math.ceil(t / 2));
    const upper = auto === "SAME_UPPER";
    return { kernel, strides, dilations, begins: upper ? less : more, ends: upper ? more : less };
  }
  const pads =
    auto === "VALID"
      ? [...each(0), ...each(0)]
      : (intsOf(c.node, "pads") ?? [...each(0), ...each(0)]);
  return { kernel, strides, dilations, begins: pads.slice(0, rank), ends: pads.slice(rank) };
}

/** Insists on a size that is known before anything runs. */
export const knownSize = (c: RuleContext, dim: Dim | undefined): number =>
  typeof dim === "number" ? dim : c.refuse(`size ${dim} must be known before anything runs`);

/** Applies a formula along every spatial axis. */
export const alongAxes = (
  w: Window,
  formula: (axis: {
    readonly k: number;
    readonly s: number;
    readonly d: number;
    readonly b: number;
    readonly e: number;
    readonly i: number;
  }) => number,
): number[] =>
  w.kernel.map((k, i) =>
    formula({
      k,
      s: w.strides[i] ?? 1,
      d: w.dilations[i] ?? 1,
      b: w.begins[i] ?? 0,
      e: w.ends[i] ?? 0,
      i,
    }),
  );

/** The elements at the end of the padded input that no window reaches; 0 at stride 1. */
export const unreached = (c: RuleContext, w: Window, sizes: readonly Dim[]): number[] =>
  alongAxes(w, ({ k, s, d, b, e, i }) =>
    s === 1 ? 0 : (knownSize(c, sizes[i]) + b + e - d * (k - 1) - 1) % s,
  );

/** All positions of a kernel, row-major. */
export const tapsOf = (kernel: readonly number[]): readonly (readonly number[])[] =>
  kernel.reduce<readonly (readonly number[])[]>(
    (taps, size) => taps.flatMap((tap) => range(0, size).map((i) => [...tap, i])),
    [[]],
  );

/**
 * Cuts one slice of a padded input a kernel tap: what each output position reads there.
 *
 * @param out Spatial sizes of the output.
 * @param axis First spatial axis of the input.
 */
export function slicesOf(
  c: RuleContext,
  w: Window,
  source: { readonly padded: string; readonly axis: number; readonly out: readonly Dim[] },
): string[] {
  const outs = source.out.map((dim) => knownSize(c, dim));
  const axes = range(source.axis, source.axis + outs.length);
  return tapsOf(w.kernel).map((tap) => {
    const starts = alongAxes(w, ({ d, i }) => (tap[i] ?? 0) * d);
    const ends = alongAxes(w, ({ s, i }) => (starts[i] ?? 0) + s * ((outs[i] ?? 1) - 1) + 1);
    return cut(c, source.padded, { axes, starts, ends, steps: w.strides });
  });
}

/** A value and the first of its spatial axes. */
export type Spatial = { readonly name: string; readonly axis: number };

/** Pads a value's spatial axes as the window says. */
export function padSpatial(c: RuleContext, w: Window, { name, axis }: Spatial): string {
  if ([...w.begins, ...w.ends].every((pad) => pad === 0)) return name;
  const axes = range(axis, axis + w.kernel.length);
  return c.op("Pad", [name, c.ints([...w.begins, ...w.ends]), "", c.ints(axes)]);
}
