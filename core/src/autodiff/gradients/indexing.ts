import { intOf } from "../../graph/attributes.ts";
import { int, ints, text } from "../../graph/builder.ts";
import { i64 } from "../../graph/tensor.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { axisOf, range } from "../shapes.ts";

/** One axis of a slice: `count` elements from `start` on, `step` apart. */
type Cut = {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
};

function integers(c: RuleContext, index: number): number[] | undefined {
  if (c.x(index) === "") return undefined;
  return Array.from(c.constant(c.x(index))?.data ?? [], Number);
}

function cutsOf(c: RuleContext): Cut[] {
  const rank = c.dims(c.x(0)).length;
  const starts = integers(c, 1) ?? [];
  const axes = integers(c, 3) ?? range(0, starts.length);
  const steps = integers(c, 4);
  return starts.map((start, i) => cutOf(c, axisOf(axes[i] ?? i, rank), start, steps?.[i] ?? 1));
}

function cutOf(c: RuleContext, axis: number, start: number, step: number): Cut {
  const [size, count] = [Number(c.dims(c.x(0))[axis]), Number(c.dims(c.y)[axis])];
  const from = Math.min(Math.max(start < 0 ? start + size : start, 0), step < 0 ? size - 1 : size);
  return { axis, start: from, step, count };
}

/** Turns a backward cut around. */
function forwards(c: RuleContext, value: string, cut: Cut): { value: string; cut: Cut } {
  if (cut.step > 0) return { value, cut };
  const back = [[-1], [-(2 ** 31)], [cut.axis], [-1]].map((list) => c.ints(list));
  const start = cut.start + Math.max(0, cut.count - 1) * cut.step;
  return { value: c.op("Slice", [value, ...back]), cut: { ...cut, start, step: -cut.step } };
}

/** Puts `step - 1` zeros after each element along the cut's axis. */
function spread(c: RuleContext, value: string, { axis, step, count }: Cut): string {
  if (step === 1) return value;
  const apart = c.op("Unsqueeze", [value, c.ints([axis + 1])]);
  const padded = c.op("Pad", [apart, c.ints([0, step - 1]), "", c.ints([axis + 1])]);
  const shape = c.op("Shape", [value]);
  const sizes = c
    .dims(c.y)
    .map((_, i) =>
      i === axis ? c.ints([count * step]) : c.op("Slice", [shape, c.ints([i]), c.ints([i + 1])]),
    );
  return c.op("Reshape", [padded, c.op("Concat", sizes, { axis: int(0) })], {
    allowzero: int(1),
  });
}

/** Whether everything about a slice is known before anything runs. */
const isConstant = (c: RuleContext): boolean =>
  [1, 2, 3, 4].every((index) => c.x(index) === "" || c.constant(c.x(index)) !== undefined) &&
  slicedAxes(c).every((axis) => typeof c.dims(c.x(0))[axis] === "number");

/** The axes of a slice, counted from the front. */
function slicedAxes(c: RuleContext): readonly number[] {
  const rank = c.dims(c.x(0)).length;
  const [count] = c.dims(c.x(1));
  if (typeof count !== "number") return c.refuse("how many axes it cuts must be known");
  if (c.x(3) === "") return range(0, count);
  const axes = c.constant(c.x(3)) ?? c.refuse("the axes that it cuts must be constants");
  return Array.from(axes.data, Number).map((axis) => axisOf(axis, rank));
}

/** Puts what was cut out to where it came from, an axis after the other: the cut of all positions tells where. */
function placeAtRunTime(c: RuleContext): string {
  const shape = c.op("Shape", [c.x(0)]);
  const rank = c.dims(c.x(0)).length;
  return slicedAxes(c).reduce((value, axis, i) => {
    const one = (index: number): string =>
      c.op("Slice", [c.x(index), c.ints([i]), c.ints([i + 1])]);
    const size = c.op("Gather", [shape, index64(c, axis)]);
    const all = c.op("Range", [index64(c, 0), size, index64(c, 1)]);
    const steps = c.x(4) === "" ? [] : [one(4)];
    const cut = c.op("Slice", [all, one(1), one(2), zeroOf(c), ...steps]);
    const front = [axis, ...range(0, axis), ...range(axis + 1, rank)];
    const moved = c.op("Transpose", [value], { perm: ints(front) });
    const others = c.op("Slice", [c.op("Shape", [moved]), c.ints([1]), c.ints([rank])]);
    const sizes = c.op("Concat", [c.op("Unsqueeze", [size, c.ints([0])]), others], {
      axis: int(0),
    });
    const zeros = c.op("Expand", [c.number(0), sizes]);
    const placed = c.op("ScatterND", [zeros, c.op("Unsqueeze", [cut, c.ints([-1])]), moved]);
    const back = range(0, rank).map((at) => front.indexOf(at));
    return c.op("Transpose", [placed], { perm: ints(back) });
  }, c.up);
}

const index64 = (c: RuleContext, value: number): string => c.tensor(i64([value], []));

/** Axis 0 in the type of the starts, which all lists of a Slice have in common. */
const zeroOf = (c: RuleContext): string =>
  c.dtype(c.x(1)) === "int64"
    ? c.ints([0])
    : c.tensor({ dtype: "int32", shape: [1], data: Int32Array.of(0) });

const slice: Rule = (c) => {
  const listed = (): never => c.refuse("positions have no gradient");
  return [
    () => {
      if (!isConstant(c)) return placeAtRunTime(c);
      let value = c.up;
      const pads: number[] = [];
      const ends: number[] = [];
      const cuts = cutsOf(c);
      for (const each of cuts) {
        const turned = forwards(c, value, each);
        const { axis, start, step, count } = turned.cut;
        value = spread(c, turned.value, turned.cut);
        pads.push(start);
        ends.push(Number(c.dims(c.x(0))[axis]) - start - count * step);
      }
      return c.op("Pad", [
        value,
        c.ints([...pads, ...ends]),
        "",
        c.ints(cuts.map((cut) => cut.axis)),
      ]);
    },
    listed,
    listed,
    listed,
    listed,
  ];
};

/** Adds each gradient to the slice that was picked; an index that was picked twice gets the sum. */
const gather: Rule = (c) => [
  () => {
    const rank = c.dims(c.x(0)).length;
    const axis = axisOf(intOf(c.node, "axis", 0), rank);
    const picked = c.dims(c.x(1)).length;
    const move = (value: string, from: readonly number[]): string =>
      from.every((a, i) => a === i) ? value : c.op("Transpose", [value], { perm: ints(from) });
    const total = rank - 1 + picked;
    const chosen = range(axis, axis + picked);
    const up = move(c.up, [...chosen, ...range(0, axis), ...range(axis + picked, total)]);
    const indices = c.dtype(c.x(1)) === "int64" ? c.x(1) : c.op("Cast", [c.x(1)], { to: int(7) });
    const front = [axis, ...range(0, axis), ...range(axis + 1, rank)];
    const sizes = c.op("Gather", [c.op("Shape", [c.x(0)]), c.ints(front)]);
    const zeros = c.op("Expand", [c.number(0), sizes]);
    const rows = c.op("Unsqueeze", [indices, c.ints([-1])]);
    const sums = c.op("ScatterND", [zeros, rows, up], { reduction: text("add") });
    return move(
      sums,
      range(0, rank).map((a) => front.indexOf(a)),
    );
  },
  () => c.refuse("indices have no gradient"),
];

/** Operators that pick elements. */
export type IndexingOp = "Slice" | "Gather";

/** Gradients of operators that pick elements. */
export const indexing: Readonly<Record<IndexingOp, Rule>> = { Slice: slice, Gather: gather };
