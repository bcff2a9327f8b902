import { intOf, intsOf, textOf } from "../../graph/attributes.ts";
import { int, ints } from "../../graph/builder.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { once } from "../rule.ts";
import {
  axisOf,
  expandLike,
  keepWhere,
  range,
  reshapeLike,
  sumLike,
  zerosLike,
} from "../shapes.ts";
import { repeatingPad } from "./resampling.ts";

const noGradient = (c: RuleContext, what: string) => (): never =>
  c.refuse(`${what} has no gradient`);

const reshaped: Rule = (c) => [() => reshapeLike(c, c.up, c.x(0)), noGradient(c, "a shape")];

const transpose: Rule = (c) => [
  () => {
    const rank = c.dims(c.x(0)).length;
    const permutation = intsOf(c.node, "perm") ?? range(0, rank).reverse();
    const inverse = range(0, rank).map((axis) => permutation.indexOf(axis));
    return c.op("Transpose", [c.up], { perm: ints(inverse) });
  },
];

/** Sizes along one axis, known or computed by the graph. */
function sizesAlong(c: RuleContext, names: readonly string[], axis: number): string {
  const sizes = names.map((name) => c.dims(name)[axis]);
  if (sizes.every((size) => typeof size === "number")) return c.ints(sizes);
  const each = names.map((name) => c.op("Shape", [name], { start: int(axis), end: int(axis + 1) }));
  return c.op("Concat", each, { axis: int(0) });
}

const concat: Rule = (c) => {
  const { inputs } = c.node;
  const axis = axisOf(intOf(c.node, "axis", 0), c.dims(c.y).length);
  const pieces = once(() =>
    c.ops("Split", [c.up, sizesAlong(c, inputs, axis)], inputs.length, { axis: int(axis) }),
  );
  return inputs.map((_, index) => () => pieces()[index] ?? "");
};

const split: Rule = (c) => [
  () => {
    const axis = axisOf(intOf(c.node, "axis", 0), c.dims(c.x(0)).length);
    const pieces = c.node.outputs.map((name, index) => c.ups[index] ?? zerosLike(c, name));
    return c.op("Concat", pieces, { axis: int(axis) });
  },
  noGradient(c, "a list of sizes"),
];

/** The input that names axes; nothing when it is left out. */
const axesOf = (c: RuleContext): string[] => (c.x(3) === "" ? [] : [c.x(3)]);

/** What was padded is cut off again, and what was cut off is padded with zeros. */
const pad: Rule = (c) => {
  const mode = textOf(c.node, "mode", "constant");
  return [
    () => {
      if (mode !== "constant") return repeatingPad(c, mode);
      return c.op("Pad", [c.up, c.op("Neg", [c.x(1)]), "", ...axesOf(c)]);
    },
    noGradient(c, "a list of pads"),
    () => {
      if (mode !== "constant") return zerosLike(c, c.x(2));
      const inside = c.op("Pad", [expandLike(c, c.number(1), c.x(0)), c.x(1), "", ...axesOf(c)]);
      const isOutside = c.op("Equal", [inside, c.number(0)]);
      const sum = c.op("ReduceSum", [keepWhere(c, isOutside, c.up)], { keepdims: int(0) });
      return reshapeLike(c, sum, c.x(2));
    },
    noGradient(c, "a list of axes"),
  ];
};

/** Operators that only rearrange. */
export type ShapeOp =
  | "Reshape"
  | "Flatten"
  | "Squeeze"
  | "Unsqueeze"
  | "Transpose"
  | "Concat"
  | "Split"
  | "Pad"
  | "Expand";

/** Gradients of operators that only rearrange. */
export const shape: Readonly<Record<ShapeOp, Rule>> = {
  Reshape: reshaped,
  Flatten: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Pad: pad,
  Expand: (c) => [() => sumLike(c, c.up, c.dims(c.y), c.x(0)), noGradient(c, "a shape")],
};
