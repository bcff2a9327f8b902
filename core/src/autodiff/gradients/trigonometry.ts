import type { Rule, RuleContext } from "../rule.ts";

/** The rule of a function of one element. */
const unary =
  (gradient: (c: RuleContext) => string): Rule =>
  (c) => [() => gradient(c)];

/** `1 + x^2` or `1 - x^2`. */
const oneAnd = (c: RuleContext, op: "Add" | "Sub"): string =>
  c.op(op, [c.number(1), c.op("Mul", [c.x(0), c.x(0)])]);

/** Trigonometric and hyperbolic functions and their inverses. */
export type TrigonometryOp =
  | "Sin"
  | "Cos"
  | "Tan"
  | "Sinh"
  | "Cosh"
  | "Asin"
  | "Acos"
  | "Asinh"
  | "Acosh"
  | "Atanh"
  | "Atan";

/** Gradients of trigonometric and hyperbolic functions. */
export const trigonometry: Readonly<Record<TrigonometryOp, Rule>> = {
  Sin: unary((c) => c.op("Mul", [c.up, c.op("Cos", [c.x(0)])])),
  Cos: unary((c) => c.op("Neg", [c.op("Mul", [c.up, c.op("Sin", [c.x(0)])])])),
  Tan: unary((c) => c.op("Mul", [c.up, c.op("Add", [c.number(1), c.op("Mul", [c.y, c.y])])])),
  Sinh: unary((c) => c.op("Mul", [c.up, c.op("Cosh", [c.x(0)])])),
  Cosh: unary((c) => c.op("Mul", [c.up, c.op("Sinh", [c.x(0)])])),
  Asin: unary((c) => c.op("Div", [c.up, c.op("Sqrt", [oneAnd(c, "Sub")])])),
  Acos: unary((c) => c.op("Neg", [c.op("Div", [c.up, c.op("Sqrt", [oneAnd(c, "Sub")])])])),
  Asinh: unary((c) => c.op("Div", [c.up, c.op("Sqrt", [oneAnd(c, "Add")])])),
  Acosh: unary((c) => c.op("Div", [c.up, c.op("Sqrt", [c.op("Neg", [oneAnd(c, "Sub")])])])),
  Atanh: unary((c) => c.op("Div", [c.up, oneAnd(c, "Sub")])),
  Atan: unary((c) => c.op("Div", [c.up, oneAnd(c, "Add")])),
};
