import type { Attributes } from "../../graph/builder.ts";
import { ints, text } from "../../graph/builder.ts";
import type { Dim } from "../../graph/graph.ts";
import type { Site } from "./site.ts";

/** How a window moves over height and width. */
export type Window = {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
};

/** Reads strides and dilations of a convolution. */
export const convolutionWindow = (site: Site, size: readonly number[]): Window => ({
  size,
  strides: stridesOf(site),
  dilations: [site.number("dilation_h_factor"), site.number("dilation_w_factor")],
});

/** Reads a stride an axis. @throws `TFLITE_INVALID` for one below 1. */
export function stridesOf(site: Site): readonly number[] {
  const strides = [site.number("stride_h"), site.number("stride_w")];
  if (strides.every((stride) => stride >= 1)) return strides;
  throw site.invalid("strides must be at least 1");
}

/**
 * Says a window and its padding in ONNX's words. Padding is explicit, more after than before where it is odd.
 *
 * @param spatial Height and width of the input. With a stride and an open size, the runtime finds the padding.
 */
export function windowAttributes(site: Site, window: Window, spatial: readonly Dim[]): Attributes {
  const { size, strides, dilations } = window;
  if ([...size, ...dilations].some((value) => value < 1)) {
    throw site.invalid("window and dilations must be at least 1");
  }
  const isSame = site.text("padding") === "SAME";
  const totals = spatial.map((dim, axis) => (isSame ? paddingOf(window, dim, axis) : 0));
  const base: Attributes = {
    kernel_shape: ints(size),
    strides: ints(strides),
    ...(dilations.some((dilation) => dilation > 1) ? { dilations: ints(dilations) } : {}),
  };
  if (totals.some((total) => total === undefined)) {
    return { ...base, auto_pad: text("SAME_UPPER") };
  }
  const before = totals.map((total = 0) => Math.floor(total / 2));
  const after = totals.map((total = 0, axis) => total - (before[axis] ?? 0));
  return { ...base, pads: ints([...before, ...after]) };
}

/** Padding of both ends together that gives `ceil(size / stride)` positions; undefined when the size decides. */
function paddingOf(
  { size, strides, dilations }: Window,
  dim: Dim,
  axis: number,
): number | undefined {
  const stride = strides[axis] ?? 1;
  const extent = ((size[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
  if (stride === 1) return extent - 1;
  if (typeof dim !== "number") return undefined;
  return Math.max(0, (Math.ceil(dim / stride) - 1) * stride + extent - dim);
}

/** Height and width of an input. @throws `TFLITE_INVALID` unless it is `[N, height, width, channels]`. */
export function spatialOf(site: Site, input: number): readonly Dim[] {
  const shape = site.shape(input);
  if (shape.length === 4) return shape.slice(1, 3);
  throw site.invalid(`input ${input} must be [N, height, width, channels]`);
}
