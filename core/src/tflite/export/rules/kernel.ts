import { intOf, textOf } from "../../../graph/attributes.ts";
import type { Node } from "../../../graph/graph.ts";
import type { Kernel } from "../../../graph/operators/spatial.ts";
import { kernelOf } from "../../../graph/operators/spatial.ts";
import { f32 } from "../../../graph/tensor.ts";
import { int32s } from "../moves.ts";
import { refusal } from "../refusal.ts";
import type { Site } from "../site.ts";

/** A kernel over two axes, with all padding explicit. */
export type Kernel2d = Kernel & {
  /** Sizes of the input's and the output's two spatial axes. */
  readonly from: readonly number[];
  readonly to: readonly number[];
};

/** Reads a kernel; over one axis as over two, the first of size 1. */
export function kernel2d(site: Site, size: readonly number[]): Kernel2d {
  const { node } = site;
  if (size.length > 2) throw refusal(node, "kernels over three axes have no operator");
  const kernel = kernelOf(node, size);
  const from = site.shape(0).slice(2);
  const to = site.outShape().slice(2);
  const pads = autoPads(node, kernel, from) ?? [kernel.padBegin, kernel.padEnd];
  const two = (list: readonly number[], blank: number): readonly number[] =>
    list.length === 1 ? [blank, ...list] : list;
  return {
    size: two(size, 1),
    strides: two(kernel.strides, 1),
    dilations: two(kernel.dilations, 1),
    padBegin: two(pads[0], 0),
    padEnd: two(pads[1], 0),
    from: two(from, 1),
    to: two(to, 1),
  };
}

/** How far a kernel reaches along an axis. */
export const extentOf = ({ size, dilations }: Kernel, axis: number): number =>
  (dilations[axis] ?? 1) * ((size[axis] ?? 1) - 1) + 1;

function autoPads(
  node: Node,
  kernel: Kernel,
  from: readonly number[],
): readonly [readonly number[], readonly number[]] | undefined {
  const mode = textOf(node, "auto_pad", "NOTSET");
  if (!mode.startsWith("SAME")) return undefined;
  const total = from.map((size, axis) => samePadding({ ...kernel, from }, axis, size));
  const small = total.map((pad) => pad >> 1);
  const large = total.map((pad, axis) => pad - (small[axis] ?? 0));
  return mode === "SAME_UPPER" ? [small, large] : [large, small];
}

/** The padding that gives one output for each stride of the input. */
function samePadding(
  kernel: Pick<Kernel2d, "size" | "strides" | "dilations" | "from" | "padBegin" | "padEnd">,
  axis: number,
  size: number,
): number {
  const stride = kernel.strides[axis] ?? 1;
  return Math.max(0, (Math.ceil(size / stride) - 1) * stride + extentOf(kernel, axis) - size);
}

/** Whether .tflite's SAME is the kernel's padding. */
export function isSame(kernel: Kernel2d): boolean {
  return kernel.from.every((size, axis) => {
    const total = samePadding(kernel, axis, size);
    const begin = kernel.padBegin[axis] ?? 0;
    const outputs = Math.ceil(size / (kernel.strides[axis] ?? 1));
    // Padding behind the last window, or the lack of it, changes nothing.
    return begin === total >> 1 && outputs === kernel.to[axis];
  });
}

/** How much padding there must be behind the input for the outputs that the graph has. */
const endPadding = (kernel: Kernel2d): readonly number[] =>
  kernel.from.map((size, axis) => {
    const reach =
      ((kernel.to[axis] ?? 1) - 1) * (kernel.strides[axis] ?? 1) + extentOf(kernel, axis);
    return Math.max(0, reach - size - (kernel.padBegin[axis] ?? 0));
  });

/** An input, padded where .tflite's own two ways of padding do not do. */
export type Padded = { readonly tensor: number; readonly padding: "SAME" | "VALID" };

/**
 * Pads a channels-last tensor for a kernel.
 *
 * @param fill What the padding holds: 0, or for a maximum what loses against everything.
 * @param own Whether SAME of the operator itself pads as the graph does.
 */
export function padded(
  site: Site,
  kernel: Kernel2d,
  {
    tensor,
    fill,
    own,
  }: { readonly tensor: number; readonly fill: "zero" | "lowest"; readonly own: boolean },
): Padded {
  if (own && isSame(kernel)) return { tensor, padding: "SAME" };
  const ends = endPadding(kernel);
  const all = [0, 0, ...kernel.padBegin.flatMap((begin, axis) => [begin, ends[axis] ?? 0]), 0, 0];
  if (all.every((pad) => pad === 0)) return { tensor, padding: "VALID" };
  const { program } = site;
  const { shape } = program.of(tensor);
  const to = site.between(
    shape.map((size, axis) => size + (all[2 * axis] ?? 0) + (all[2 * axis + 1] ?? 0)),
    tensor,
  );
  const pads = site.constant("pads", int32s(all, [4, 2]));
  if (fill === "zero") site.emit("PAD", [tensor, pads], [to]);
  else site.emit("PADV2", [tensor, pads, lowest(site, tensor)], [to]);
  return { tensor: to, padding: "VALID" };
}

function lowest({ program, node }: Site, like: number): number {
  const { quantization } = program.of(like);
  const name = `${node.outputs[0]}.lowest`;
  const value =
    quantization === undefined
      ? f32([-3.4028234663852886e38], [])
      : ({ dtype: "int8", shape: [], data: Int8Array.of(-128) } as const);
  return program.constant(name, value, quantization);
}

/** Settings of an operator that a kernel gives. */
export const strideOptions = ({ strides }: Kernel2d): { stride_h: number; stride_w: number } => ({
  stride_h: strides[0] ?? 1,
  stride_w: strides[1] ?? 1,
});

/** Settings of a convolution that spreads its weights. */
export const dilationOptions = ({
  dilations,
}: Kernel2d): { dilation_h_factor: number; dilation_w_factor: number } => ({
  dilation_h_factor: dilations[0] ?? 1,
  dilation_w_factor: dilations[1] ?? 1,
});

/** The number of groups of a convolution. */
export const groupsOf = (node: Node): number => intOf(node, "group", 1);
