import { intOf, textOf } from "../../graph/attributes.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { sumOver } from "../shapes.ts";

const oneMinus = (c: RuleContext, value: string): string => c.op("Sub", [c.number(1), value]);

const square = (c: RuleContext, value: string): string => c.op("Mul", [value, value]);

const sumAlong = (c: RuleContext, value: string): string =>
  sumOver(c, value, [intOf(c.node, "axis", -1)], true);

const scaled = (c: RuleContext, value: string, by: number): string =>
  c.op("Mul", [value, c.number(by)]);

/** The rule of a smooth function of one element, from its derivative. */
const smooth =
  (derivative: (c: RuleContext) => string): Rule =>
  (c) => [() => c.op("Mul", [c.up, derivative(c)])];

/** x Phi(x), with the normal distribution's own density: Phi(x) + x phi(x). */
function gelu(c: RuleContext): string {
  const x = c.x(0);
  const share = oneMinus(c, scaled(c, c.op("Erf", [scaled(c, x, Math.SQRT1_2)]), -1));
  const bell = c.op("Exp", [scaled(c, square(c, x), -0.5)]);
  const density = scaled(c, c.op("Mul", [x, bell]), 1 / Math.sqrt(2 * Math.PI));
  return c.op("Add", [scaled(c, share, 0.5), density]);
}

/** The approximation 0.5 x (1 + tanh u), u = sqrt(2/pi) (x + 0.044715 x^3). */
function geluTanh(c: RuleContext): string {
  const x = c.x(0);
  const root = Math.sqrt(2 / Math.PI);
  const x2 = square(c, x);
  const cubic = c.op("Mul", [x, c.op("Add", [c.number(1), scaled(c, x2, 0.044715)])]);
  const t = c.op("Tanh", [scaled(c, cubic, root)]);
  const slope = scaled(c, c.op("Add", [c.number(1), scaled(c, x2, 3 * 0.044715)]), root);
  const tail = c.op("Mul", [x, c.op("Mul", [oneMinus(c, square(c, t)), slope])]);
  return scaled(c, c.op("Add", [c.op("Add", [c.number(1), t]), tail]), 0.5);
}

/** Activations that have a derivative everywhere. */
export type ActivationOp =
  | "Sigmoid"
  | "Tanh"
  | "Softplus"
  | "Softsign"
  | "Gelu"
  | "Mish"
  | "Softmax"
  | "LogSoftmax";

/** Gradients of smooth activations. */
export const activation: Readonly<Record<ActivationOp, Rule>> = {
  Sigmoid: smooth((c) => c.op("Mul", [c.y, oneMinus(c, c.y)])),
  Tanh: smooth((c) => oneMinus(c, square(c, c.y))),
  Softplus: smooth((c) => c.op("Sigmoid", [c.x(0)])),
  Softsign: smooth((c) => square(c, oneMinus(c, c.op("Abs", [c.y])))),
  Gelu: smooth((c) => (textOf(c.node, "approximate", "none") === "tanh" ? geluTanh(c) : gelu(c))),
  Mish: smooth((c) => {
    const t = c.op("Tanh", [c.op("Softplus", [c.x(0)])]);
    const tail = c.op("Mul", [oneMinus(c, square(c, t)), c.op("Sigmoid", [c.x(0)])]);
    return c.op("Add", [t, c.op("Mul", [c.x(0), tail])]);
  }),
  Softmax: (c) => [
    () => {
      const weighted = c.op("Mul", [c.up, c.y]);
      return c.op("Sub", [weighted, c.op("Mul", [c.y, sumAlong(c, weighted)])]);
    },
  ],
  LogSoftmax: (c) => [
    () => c.op("Sub", [c.up, c.op("Mul", [c.op("Exp", [c.y]), sumAlong(c, c.up)])]),
  ],
};
