import { floatOf } from "../../graph/attributes.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { keepWhere, sumLike } from "../shapes.ts";

const above = (c: RuleContext, value: string, threshold: number): string =>
  c.op("Greater", [value, c.number(threshold)]);

const scaled = (c: RuleContext, value: string, by: number): string =>
  c.op("Mul", [value, c.number(by)]);

/** A gradient of `right` above 0 and of `left` up to it, which belongs to the left side. */
const atZero =
  (right: (c: RuleContext) => string, left: (c: RuleContext) => string): Rule =>
  (c) => [() => c.op("Where", [above(c, c.x(0), 0), right(c), left(c)])];

const alphaOf = (c: RuleContext, otherwise: number): number => floatOf(c.node, "alpha", otherwise);

// The constants of Klambauer et al. 2017, arXiv:1706.02515, as ONNX rounds them.
const seluAlpha = 1.6732632423543772;
const seluGamma = 1.0507009873554805;

const prelu: Rule = (c) => {
  const isRight = (): string => above(c, c.x(0), 0);
  return [
    () => c.op("Where", [isRight(), c.up, c.op("Mul", [c.up, c.x(1)])]),
    () => {
      const left = c.op("Where", [isRight(), c.number(0), c.op("Mul", [c.up, c.x(0)])]);
      return sumLike(c, left, c.dims(c.y), c.x(1));
    },
  ];
};

/** Inside its two limits a function has one slope, outside none. */
const between = (c: RuleContext, value: string, limits: readonly [number, number]): string =>
  c.op("And", [above(c, value, limits[0]), c.op("Less", [value, c.number(limits[1])])]);

/** Activations with kinks. */
export type RectifierOp =
  | "Relu"
  | "LeakyRelu"
  | "PRelu"
  | "ThresholdedRelu"
  | "Elu"
  | "Selu"
  | "Celu"
  | "HardSigmoid"
  | "HardSwish";

/** Gradients of activations with kinks; at its kink each has the gradient of the flatter side. */
export const rectifier: Readonly<Record<RectifierOp, Rule>> = {
  Relu: (c) => [() => keepWhere(c, above(c, c.y, 0), c.up)],
  LeakyRelu: atZero(
    (c) => c.up,
    (c) => scaled(c, c.up, alphaOf(c, 0.01)),
  ),
  PRelu: prelu,
  ThresholdedRelu: (c) => [() => keepWhere(c, above(c, c.x(0), alphaOf(c, 1)), c.up)],
  Elu: atZero(
    (c) => c.up,
    (c) => c.op("Mul", [c.up, c.op("Add", [c.y, c.number(alphaOf(c, 1))])]),
  ),
  Selu: atZero(
    (c) => scaled(c, c.up, floatOf(c.node, "gamma", seluGamma)),
    (c) => {
      const floor = alphaOf(c, seluAlpha) * floatOf(c.node, "gamma", seluGamma);
      return c.op("Mul", [c.up, c.op("Add", [c.y, c.number(floor)])]);
    },
  ),
  Celu: atZero(
    (c) => c.up,
    (c) => {
      const alpha = alphaOf(c, 1);
      return c.op("Mul", [c.up, c.op("Add", [scaled(c, c.y, 1 / alpha), c.number(1)])]);
    },
  ),
  HardSigmoid: (c) => [
    () => keepWhere(c, between(c, c.y, [0, 1]), scaled(c, c.up, alphaOf(c, 0.2))),
  ],
  HardSwish: (c) => [
    () => {
      const x = c.x(0);
      const slope = c.op("Add", [scaled(c, x, 1 / 3), c.number(0.5)]);
      const inner = keepWhere(c, above(c, x, -3), c.op("Mul", [c.up, slope]));
      return c.op("Where", [c.op("Less", [x, c.number(3)]), inner, c.up]);
    },
  ],
};
