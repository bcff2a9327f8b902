import type { Shape } from "../dims.ts";
import { broadcast, countOf, merge } from "../dims.ts";
import type { Dim } from "../graph.ts";
import type { Element, Known, Operator, OperatorRows, Site } from "../operator.ts";
import {
  axisAttribute,
  inputOf,
  integersOf,
  known,
  needAxis,
  needEqual,
  needSameDType,
  openDim,
  openShape,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

/** Rank that a shape-valued input promises; undefined when unknown. */
const rankFrom = (value: Known): number | undefined => countOf(value.shape);

const concat: Operator = {
  inputs: [1, Number.POSITIVE_INFINITY],
  outputs: [1, 1],
  attributes: { axis: "int" },
  infer(site) {
    const values = site.inputs.map((_, index) => inputOf(site, index));
    needSameDType(
      site,
      values.map((_, index) => index),
    );
    const { dtype } = inputOf(site, 0);
    const shapes = values.flatMap(({ shape }) => (shape === undefined ? [] : [shape]));
    const [first] = shapes;
    if (first === undefined || shapes.length < values.length) return [known(dtype)];
    const axis = axisAttribute(site, first.length, Number.NaN);
    let dims: Shape = first;
    for (const shape of shapes.slice(1)) dims = joinAlong(site, axis, dims, shape);
    const elements = values.every((value) => value.elements !== undefined)
      ? values.flatMap((value) => value.elements ?? [])
      : undefined;
    return [
      known(dtype, dims, first.length === 1 ? padElements(dims, values, elements) : undefined),
    ];
  },
};

/** One-dimensional parts of unknown content count as unknown elements. */
function padElements(
  dims: Shape,
  values: readonly Known[],
  elements: readonly Element[] | undefined,
): readonly Element[] | undefined {
  if (elements !== undefined) return elements;
  if (typeof dims[0] !== "number" || values.every((value) => value.elements === undefined)) {
    return undefined;
  }
  return values.flatMap(
    (value) => value.elements ?? new Array<Element>(countOf(value.shape) ?? 0).fill(undefined),
  );
}

function joinAlong(site: Site, axis: number, a: Shape, b: Shape): Shape {
  if (a.length !== b.length) throw nodeInvalid(site.node, "inputs must have one rank");
  return a.map((dim, i) => {
    const other = b[i] ?? 1;
    if (i !== axis) {
      needEqual(site, `dimensions ${i}`, dim, other);
      return merge(dim, other);
    }
    return typeof dim === "number" && typeof other === "number" ? dim + other : openDim(site)(i);
  });
}

const split: Operator = {
  inputs: [1, 2],
  outputs: [1, Number.POSITIVE_INFINITY],
  attributes: { axis: "int", num_outputs: "int" },
  infer(site) {
    const { dtype, shape } = inputOf(site, 0);
    const count = site.node.outputs.length;
    if (shape === undefined) return site.node.outputs.map(() => known(dtype));
    const axis = axisAttribute(site, shape.length, 0);
    const whole = shape[axis];
    const sizes = integersOf(site.inputs[1]) ?? equalParts(site, whole, count);
    const total = sizes?.reduce((sum, size) => sum + size, 0);
    if (sizes !== undefined && sizes.length !== count) {
      throw nodeInvalid(site.node, `${count} outputs need as many sizes, not ${sizes.length}`);
    }
    needEqual(site, "the sum of the parts and the dimension", total, whole);
    return site.node.outputs.map((_, output) =>
      known(dtype, shape.with(axis, sizes?.[output] ?? openDim(site, output)(axis))),
    );
  },
};

/** Equal parts; the last is smaller where they do not divide. */
function equalParts(
  site: Site,
  whole: Dim | undefined,
  count: number,
): readonly number[] | undefined {
  if (site.inputs[1] !== undefined || typeof whole !== "number") return undefined;
  const size = Math.ceil(whole / count);
  const last = whole - size * (count - 1);
  if (last < 0) throw nodeInvalid(site.node, `${whole} does not split into ${count}`);
  return Array.from({ length: count }, (_, i) => (i < count - 1 ? size : last));
}

const expand: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    const { dtype, shape } = inputOf(site, 0);
    const target = inputOf(site, 1);
    const rank = rankFrom(target);
    if (shape === undefined || rank === undefined) return [known(dtype)];
    if (target.elements === undefined)
      return [known(dtype, openShape(site, Math.max(rank, shape.length)))];
    const wanted = target.elements.map((element, axis) => element ?? openDim(site)(axis));
    const dims = broadcast(shape, wanted, openDim(site));
    if (dims === undefined) throw nodeInvalid(site.node, `[${shape}] does not fit [${wanted}]`);
    return [known(dtype, dims)];
  },
};

const tile: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    const { dtype, shape } = inputOf(site, 0);
    const repeats = inputOf(site, 1).elements;
    if (shape === undefined) return [known(dtype)];
    const dims = shape.map((dim, axis): Dim => {
      const times = repeats?.[axis];
      if (times === 1) return dim;
      if (dim === 1 && times !== undefined) return times;
      return typeof dim === "number" && typeof times === "number"
        ? dim * times
        : openDim(site)(axis);
    });
    return [known(dtype, dims)];
  },
};

const pad: Operator = {
  inputs: [2, 4],
  outputs: [1, 1],
  attributes: { mode: "string" },
  infer(site) {
    const { dtype, shape } = inputOf(site, 0);
    const pads = integersOf(inputOf(site, 1));
    const given = site.inputs[3] === undefined ? undefined : integersOf(site.inputs[3]);
    if (shape === undefined) return [known(dtype)];
    const unknownAxes = site.inputs[3] !== undefined && given === undefined;
    if (pads === undefined || unknownAxes) return [known(dtype, openShape(site, shape.length))];
    const axes = given?.map((axis) => needAxis(site, axis, shape.length)) ?? [...shape.keys()];
    if (pads.length !== 2 * axes.length) {
      throw nodeInvalid(site.node, `pads must be ${2 * axes.length} numbers`);
    }
    const dims = [...shape];
    for (const [i, axis] of axes.entries()) {
      const extra = (pads[i] ?? 0) + (pads[i + axes.length] ?? 0);
      dims[axis] = padded(site, dims[axis] ?? 1, { axis, extra });
    }
    return [known(dtype, dims)];
  },
};

/** A dimension with so much more, or less. */
function padded(
  site: Site,
  dim: Dim,
  { axis, extra }: { readonly axis: number; readonly extra: number },
): Dim {
  if (extra === 0) return dim;
  if (typeof dim !== "number") return openDim(site)(axis);
  if (dim + extra < 0) throw nodeInvalid(site.node, `pads take ${-extra} away from ${dim}`);
  return dim + extra;
}

/** Operators that join, cut into parts, repeat or pad. */
export const joining: OperatorRows = {
  Concat: concat,
  Split: split,
  Expand: expand,
  Tile: tile,
  Pad: pad,
};
