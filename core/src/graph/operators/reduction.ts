import { intOf } from "../attributes.ts";
import type { Shape } from "../dims.ts";
import type { Element, Known, Operator, OperatorRows, Site } from "../operator.ts";
import {
  axisAttribute,
  dtypeSets,
  inputOf,
  integersOf,
  known,
  needAxis,
  needDType,
  openShape,
} from "../operator.ts";
import type { DType } from "../tensor.ts";

function reducedShape(site: Site, shape: Shape | undefined): Shape | undefined {
  const keep = intOf(site.node, "keepdims", 1) === 1;
  const given = site.inputs[1];
  const axes = given === undefined ? [] : integersOf(given);
  if (shape === undefined) return undefined;
  if (axes === undefined) return keep ? openShape(site, shape.length) : undefined;
  if (axes.length === 0 && intOf(site.node, "noop_with_empty_axes", 0) === 1) return shape;
  const all = axes.length === 0;
  const gone = new Set(axes.map((axis) => needAxis(site, axis, shape.length)));
  const isGone = (axis: number): boolean => all || gone.has(axis);
  return keep
    ? shape.map((dim, axis) => (isGone(axis) ? 1 : dim))
    : shape.filter((_, axis) => !isGone(axis));
}

/** The sum or product of a short list of integers, when all axes go. */
function fold(site: Site, value: Known): readonly Element[] | undefined {
  const numbers = integersOf(value);
  const start = { ReduceSum: 0, ReduceProd: 1 }[site.node.op];
  if (numbers === undefined || start === undefined || value.shape?.length !== 1) return undefined;
  const combine = (a: number, b: number): number => (start === 0 ? a + b : a * b);
  return [numbers.reduce(combine, start)];
}

const reduce = (allowed: readonly DType[]): Operator => ({
  inputs: [1, 2],
  outputs: [1, 1],
  attributes: { keepdims: "int", noop_with_empty_axes: "int" },
  infer(site) {
    const value = inputOf(site, 0);
    const shape = reducedShape(site, value.shape);
    const elements = shape?.every((dim) => dim === 1) ? fold(site, value) : undefined;
    return [known(needDType(site, 0, allowed), shape, elements)];
  },
});

const arg: Operator = {
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: { axis: "int", keepdims: "int", select_last_index: "int" },
  infer(site) {
    needDType(site, 0, dtypeSets.numeric);
    const { shape } = inputOf(site, 0);
    if (shape === undefined) return [known("int64")];
    const axis = axisAttribute(site, shape.length, 0);
    const keep = intOf(site.node, "keepdims", 1) === 1;
    return [known("int64", keep ? shape.with(axis, 1) : shape.toSpliced(axis, 1))];
  },
};

/** Operators that fold axes into one value. */
export const reduction: OperatorRows = {
  ...Object.fromEntries(
    ["L1", "L2", "LogSum", "LogSumExp", "Mean", "Prod", "Sum", "SumSquare"].map((kind) => [
      `Reduce${kind}`,
      reduce(dtypeSets.numeric),
    ]),
  ),
  ReduceMax: reduce([...dtypeSets.numeric, "bool"]),
  ReduceMin: reduce([...dtypeSets.numeric, "bool"]),
  ArgMax: arg,
  ArgMin: arg,
};
