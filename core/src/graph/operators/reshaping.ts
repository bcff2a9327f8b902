import { intOf, intsOf } from "../attributes.ts";
import type { Shape } from "../dims.ts";
import { countOf, quotient } from "../dims.ts";
import type { Dim } from "../graph.ts";
import type { Element, Known, Operator, OperatorRows, Site } from "../operator.ts";
import {
  inputOf,
  integersOf,
  known,
  needAxis,
  needDType,
  needEqual,
  openDim,
  openShape,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

/** Rank that a shape-valued input promises; undefined when unknown. */
const rankFrom = (value: Known): number | undefined => countOf(value.shape);

const reshape: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: { allowzero: "int" },
  infer(site) {
    const data = inputOf(site, 0);
    const target = inputOf(site, 1);
    needDType(site, 1, ["int64"]);
    const rank = rankFrom(target);
    if (rank === undefined) return [known(data.dtype)];
    const wanted: readonly Element[] = target.elements ?? openShape(site, rank);
    const copies = intOf(site.node, "allowzero", 0) === 0;
    const dims = wanted.map((element, axis): Dim | undefined => {
      if (element === 0 && copies) return data.shape?.[axis] ?? openDim(site)(axis);
      return element === -1 ? undefined : (element ?? openDim(site)(axis));
    });
    return [known(data.dtype, fillRest(site, data.shape, dims), data.elements)];
  },
};

/** Puts in the one dimension that the number of elements decides. */
function fillRest(site: Site, from: Shape | undefined, dims: readonly (Dim | undefined)[]): Shape {
  const rest = dims.filter((dim) => dim !== undefined);
  if (dims.length - rest.length > 1) throw nodeInvalid(site.node, "only one -1 is allowed");
  const size = from === undefined ? undefined : quotient(from, rest);
  const counts = [from, rest].map(countOf);
  const impossible = counts[0] !== undefined && counts[1] !== undefined && size === undefined;
  if (impossible || (rest.length === dims.length && typeof size === "number" && size !== 1)) {
    if (counts[0] !== 0) throw nodeInvalid(site.node, `[${from}] does not fit into [${dims}]`);
  }
  return dims.map((dim, axis) => dim ?? size ?? openDim(site)(axis));
}

const flatten: Operator = {
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: { axis: "int" },
  infer(site) {
    const { dtype, shape } = inputOf(site, 0);
    if (shape === undefined) return [known(dtype, openShape(site, 2))];
    const axis = intOf(site.node, "axis", 1);
    const split = axis === shape.length ? axis : needAxis(site, axis, shape.length);
    const join = (dims: Shape, at: number): Dim => quotient(dims, []) ?? openDim(site)(at);
    return [known(dtype, [join(shape.slice(0, split), 0), join(shape.slice(split), 1)])];
  },
};

const squeeze: Operator = {
  inputs: [1, 2],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    const { dtype, shape, elements } = inputOf(site, 0);
    const axes = integersOf(site.inputs[1]);
    if (shape === undefined || (site.inputs[1] !== undefined && axes === undefined)) {
      return [known(dtype)];
    }
    if (axes === undefined) {
      const open = shape.some((dim) => typeof dim === "string");
      return [known(dtype, open ? undefined : shape.filter((dim) => dim !== 1), elements)];
    }
    const gone = new Set(axes.map((axis) => needAxis(site, axis, shape.length)));
    for (const axis of gone) needEqual(site, "a squeezed dimension and 1", shape[axis], 1);
    return [
      known(
        dtype,
        shape.filter((_, axis) => !gone.has(axis)),
        elements,
      ),
    ];
  },
};

const unsqueeze: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    const { dtype, shape, elements } = inputOf(site, 0);
    const axes = integersOf(inputOf(site, 1));
    if (shape === undefined || axes === undefined) return [known(dtype)];
    const rank = shape.length + axes.length;
    const added = new Set(axes.map((axis) => needAxis(site, axis, rank)));
    if (added.size !== axes.length) throw nodeInvalid(site.node, "axes must differ");
    let next = 0;
    const dims = Array.from({ length: rank }, (_, axis): Dim => {
      if (added.has(axis)) return 1;
      next += 1;
      return shape[next - 1] ?? 1;
    });
    return [known(dtype, dims, elements)];
  },
};

const transpose: Operator = {
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: { perm: "ints" },
  infer(site) {
    const { dtype, shape } = inputOf(site, 0);
    const perm = intsOf(site.node, "perm");
    if (shape === undefined) return [known(dtype, perm && openShape(site, perm.length))];
    if (perm === undefined) return [known(dtype, shape.toReversed())];
    if (perm.length !== shape.length || new Set(perm).size !== perm.length) {
      throw nodeInvalid(site.node, `perm [${perm}] must name each of ${shape.length} axes once`);
    }
    return [
      known(
        dtype,
        perm.map((axis) => shape[needAxis(site, axis, shape.length)] ?? 1),
      ),
    ];
  },
};

/** Operators that give the same elements another shape or order of axes. */
export const reshaping: OperatorRows = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
};
