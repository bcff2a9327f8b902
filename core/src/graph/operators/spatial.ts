import { intOf, intsOf, textOf } from "../attributes.ts";
import type { Shape } from "../dims.ts";
import type { Dim, Node } from "../graph.ts";
import type { Known, Operator, OperatorRows, Site } from "../operator.ts";
import {
  dtypeSets,
  inputOf,
  known,
  needDType,
  needEqual,
  needRank,
  needSameDType,
  openDim,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

/** How a kernel moves over the spatial axes; every list has one entry an axis. */
export type Kernel = {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padBegin: readonly number[];
  readonly padEnd: readonly number[];
};

/**
 * Reads the kernel attributes with ONNX's defaults. Padding is explicit: `auto_pad` SAME is left at 0 here.
 *
 * @throws `GRAPH_INVALID` when a list has another length than there are spatial axes, or a stride is below 1.
 */
export function kernelOf(node: Node, size: readonly number[]): Kernel {
  const rank = size.length;
  const list = (name: string, length: number, fallback: number): readonly number[] => {
    const values = intsOf(node, name) ?? new Array<number>(length).fill(fallback);
    if (values.length === length && values.every((value) => value >= fallback)) return values;
    throw nodeInvalid(node, `${name} must be ${length} numbers of at least ${fallback}`);
  };
  const pads = list("pads", 2 * rank, 0);
  return {
    size,
    strides: list("strides", rank, 1),
    dilations: list("dilations", rank, 1),
    padBegin: pads.slice(0, rank),
    padEnd: pads.slice(rank),
  };
}

/** Positions of the kernel along one axis. */
function positions(site: Site, kernel: Kernel, axis: number, size: number): number {
  const at = (list: readonly number[]): number => list[axis] ?? 1;
  const stride = at(kernel.strides);
  const extent = at(kernel.dilations) * (at(kernel.size) - 1) + 1;
  const padding = textOf(site.node, "auto_pad", "NOTSET");
  if (padding.startsWith("SAME")) return Math.ceil(size / stride);
  const padded = size + at(kernel.padBegin) + at(kernel.padEnd);
  if (padded < extent) throw nodeInvalid(site.node, `kernel ${extent} is larger than ${padded}`);
  const exact = (padded - extent) / stride;
  if (intOf(site.node, "ceil_mode", 0) === 0) return Math.floor(exact) + 1;
  // A window that would start in the padding after the end is not counted.
  const count = Math.ceil(exact) + 1;
  return (count - 1) * stride >= size + at(kernel.padBegin) ? count - 1 : count;
}

function slide(site: Site, shape: Shape, kernel: Kernel): Shape {
  return shape
    .slice(2)
    .map((dim, axis) =>
      typeof dim === "number" ? positions(site, kernel, axis, dim) : openDim(site)(axis + 2),
    );
}

/** Kernel size from the attribute, else from the weights `[M, C/g, …]`. */
function sizeOfWeights(site: Site, weights: Shape | undefined): readonly number[] | undefined {
  const given = intsOf(site.node, "kernel_shape");
  const dims = weights?.slice(2);
  for (const [axis, size] of (given ?? []).entries()) {
    needEqual(site, "kernel_shape and weights", size, dims?.[axis]);
  }
  if (given !== undefined) return given;
  return dims?.every((dim) => typeof dim === "number") ? dims : undefined;
}

function convInputs(site: Site): { dtype: Known["dtype"]; x?: Shape; w?: Shape; group: number } {
  needSameDType(site, [0, 1, 2]);
  const dtype = needDType(site, 0, dtypeSets.float);
  const group = intOf(site.node, "group", 1);
  const [x, w] = [inputOf(site, 0).shape, inputOf(site, 1).shape];
  if (x !== undefined) {
    if (x.length < 3) throw nodeInvalid(site.node, "input 0 must be [N, channels, axes…]");
    needRank(site, 1, x.length);
  }
  return { dtype, group, ...(x === undefined ? {} : { x }), ...(w === undefined ? {} : { w }) };
}

const times = (dim: Dim | undefined, factor: number): Dim | undefined =>
  typeof dim === "number" ? dim * factor : undefined;

const conv: Operator = {
  inputs: [2, 3],
  outputs: [1, 1],
  attributes: {
    auto_pad: "string",
    dilations: "ints",
    group: "int",
    kernel_shape: "ints",
    pads: "ints",
    strides: "ints",
  },
  infer(site) {
    const { dtype, x, w, group } = convInputs(site);
    const size = sizeOfWeights(site, w);
    if (x === undefined || w === undefined || size === undefined) return [known(dtype)];
    needEqual(site, "channels of input and weights × group", x[1], times(w[1], group));
    needEqual(site, "output channels and bias", w[0], site.inputs[2]?.shape?.[0]);
    return [known(dtype, [x[0] ?? 1, w[0] ?? 1, ...slide(site, x, kernelOf(site.node, size))])];
  },
};

const convTranspose: Operator = {
  inputs: [2, 3],
  outputs: [1, 1],
  attributes: { ...conv.attributes, output_padding: "ints", output_shape: "ints" },
  infer(site) {
    const { dtype, x, w, group } = convInputs(site);
    const size = sizeOfWeights(site, w);
    if (x === undefined || w === undefined || size === undefined) return [known(dtype)];
    needEqual(site, "channels of input and weights", x[1], w[0]);
    const kernel = kernelOf(site.node, size);
    const fixed = intsOf(site.node, "output_shape");
    const extra = intsOf(site.node, "output_padding") ?? [];
    const same = textOf(site.node, "auto_pad", "NOTSET").startsWith("SAME");
    const axes = x.slice(2).map((dim, axis) => {
      const at = (list: readonly number[]): number => list[axis] ?? 0;
      if (fixed !== undefined) return at(fixed);
      if (typeof dim !== "number") return openDim(site)(axis + 2);
      if (same) return dim * at(kernel.strides);
      const full = at(kernel.strides) * (dim - 1) + at(extra);
      const extent = at(kernel.dilations) * (at(kernel.size) - 1) + 1;
      const left = full + extent - at(kernel.padBegin) - at(kernel.padEnd);
      if (left < 0) throw nodeInvalid(site.node, `pads leave ${left} of axis ${axis + 2}`);
      return left;
    });
    return [known(dtype, [x[0] ?? 1, times(w[1], group) ?? openDim(site)(1), ...axes])];
  },
};

const pool = (outputsMax: number, attributes: Operator["attributes"]): Operator => ({
  inputs: [1, 1],
  outputs: [1, outputsMax],
  attributes: {
    auto_pad: "string",
    ceil_mode: "int",
    dilations: "ints",
    kernel_shape: "ints",
    pads: "ints",
    strides: "ints",
    ...attributes,
  },
  infer(site) {
    const { dtype, shape } = inputOf(site, 0);
    const size = intsOf(site.node, "kernel_shape");
    if (size === undefined) throw nodeInvalid(site.node, "kernel_shape is required");
    needRank(site, 0, size.length + 2);
    if (shape === undefined) return [known(dtype), known("int64")];
    const result = [...shape.slice(0, 2), ...slide(site, shape, kernelOf(site.node, size))];
    return [known(dtype, result), known("int64", result)];
  },
});

const globalPool: Operator = {
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    const { shape } = inputOf(site, 0);
    const dtype = needDType(site, 0, dtypeSets.float);
    return [
      known(
        dtype,
        shape?.map((dim, axis) => (axis < 2 ? dim : 1)),
      ),
    ];
  },
};

/** Convolutions and pooling over `[N, channels, axes…]`. */
export const spatial: OperatorRows = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: pool(2, { storage_order: "int" }),
  AveragePool: pool(1, { count_include_pad: "int" }),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
};
