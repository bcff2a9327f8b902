import type { Call, Operator, Operators } from "./operator.ts";
import { input, number, numbers } from "./operator.ts";
import type { Value } from "./value.ts";
import { axisOf, dot, eachIndex, stridesOf, value } from "./value.ts";

/** Groups the elements of `x` that differ only along `axes`; the result has size 1 there. */
export function reduce(
  x: Value,
  axes: readonly number[],
  apply: (elements: number[]) => number,
): Value {
  const reduced = new Set(axes.map((axis) => axisOf(axis, x.shape.length)));
  const shape = x.shape.map((dim, axis) => (reduced.has(axis) ? 1 : dim));
  const strides = stridesOf(shape).map((stride, axis) => (reduced.has(axis) ? 0 : stride));
  const groups = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (): number[] => []);
  eachIndex(x.shape, (index, flat) => groups[dot(index, strides)]!.push(x.data[flat]!));
  return value(x.dtype, shape, groups.map(apply));
}

/** Drops axes of size 1. */
export const squeeze = (x: Value, axes: readonly number[]): Value => {
  const dropped = new Set(axes.map((axis) => axisOf(axis, x.shape.length)));
  return value(
    x.dtype,
    x.shape.filter((_, axis) => !dropped.has(axis)),
    x.data,
  );
};

const reducer =
  (apply: (elements: number[]) => number): Operator =>
  (call) => {
    const x = input(call, 0);
    const given = numbers(call, 1) ?? [];
    if (given.length === 0 && number(call, "noop_with_empty_axes", 0) === 1) return x;
    const axes = given.length === 0 ? x.shape.map((_, axis) => axis) : given;
    const y = reduce(x, axes, apply);
    return number(call, "keepdims", 1) === 1 ? y : squeeze(y, axes);
  };

export const sum = (elements: readonly number[]): number => elements.reduce((a, b) => a + b, 0);
export const mean = (elements: readonly number[]): number => sum(elements) / elements.length;
const squares = (elements: readonly number[]): number => sum(elements.map((e) => e * e));

const argument =
  (better: (a: number, b: number) => boolean) =>
  (call: Call): Value => {
    const axis = number(call, "axis", 0);
    const y = reduce(input(call, 0), [axis], (elements) =>
      elements.reduce((best, e, i) => (better(e, elements[best]!) ? i : best), 0),
    );
    const indices = value("int64", y.shape, y.data);
    return number(call, "keepdims", 1) === 1 ? indices : squeeze(indices, [axis]);
  };

export const reduction: Operators = {
  ReduceSum: reducer(sum),
  ReduceMean: reducer(mean),
  ReduceMax: reducer((elements) =>
    elements.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  ),
  ReduceMin: reducer((elements) =>
    elements.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  ),
  ReduceProd: reducer((elements) => elements.reduce((a, b) => a * b, 1)),
  ReduceSumSquare: reducer(squares),
  ReduceL1: reducer((elements) => sum(elements.map(Math.abs))),
  ReduceL2: reducer((elements) => Math.sqrt(squares(elements))),
  ReduceLogSum: reducer((elements) => Math.log(sum(elements))),
  ReduceLogSumExp: reducer((elements) => {
    const top = Math.max(...elements);
    return top + Math.log(sum(elements.map((e) => Math.exp(e - top))));
  }),
  ArgMax: argument((a, b) => a > b),
  ArgMin: argument((a, b) => a < b),
};
