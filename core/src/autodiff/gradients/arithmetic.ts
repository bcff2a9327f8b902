import { castTo } from "../emitter.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { once } from "../rule.ts";
import { asNumber, keepWhere, sumLike } from "../shapes.ts";

const isFloat = (dtype: string): boolean => dtype === "float32" || dtype === "float64";

/** The rule of a function of one element. */
const unary =
  (gradient: (c: RuleContext) => string): Rule =>
  (c) => [() => gradient(c)];

const sum = (c: RuleContext, value: string, index: number): string =>
  sumLike(c, value, c.dims(c.y), c.x(index));

/** Equal elements share the gradient, as PyTorch's `maximum` and `amax`. */
const extremum: Rule = (c) => {
  const isBest = c.node.inputs.map((x) => () => asNumber(c, c.op("Equal", [x, c.y])));
  return isBest.map((mask, index) => () => {
    const winners = isBest.map((each) => each());
    const count = winners.reduce((total, each) => c.op("Add", [total, each]));
    return sum(c, c.op("Mul", [c.op("Div", [c.up, count]), winners[index] ?? mask()]), index);
  });
};

const power: Rule = (c) => {
  const [x, p] = [c.x(0), c.x(1)];
  return [
    () => {
      const exponent = c.dtype(p) === c.float ? p : c.op("Cast", [p], castTo(c.float));
      const lower = c.op("Pow", [x, c.op("Sub", [exponent, c.number(1)])]);
      return sum(c, c.op("Mul", [c.up, c.op("Mul", [exponent, lower])]), 0);
    },
    () => {
      // At a base of 0 the logarithm has no value and the slope is 0, as PyTorch's `pow`.
      const log = keepWhere(c, c.op("Greater", [x, c.number(0)]), c.op("Log", [x]));
      return sum(c, c.op("Mul", [c.up, c.op("Mul", [c.y, log])]), 1);
    },
  ];
};

const clip: Rule = (c) => {
  const limit = (): never => c.refuse("only constant limits are supported");
  return [
    () => {
      const inside = [
        ...(c.x(1) === "" ? [] : [c.op("GreaterOrEqual", [c.x(0), c.x(1)])]),
        ...(c.x(2) === "" ? [] : [c.op("LessOrEqual", [c.x(0), c.x(2)])]),
      ];
      if (inside.length === 0) return c.up;
      return keepWhere(
        c,
        inside.reduce((a, b) => c.op("And", [a, b])),
        c.up,
      );
    },
    limit,
    limit,
  ];
};

const cast: Rule = (c) => [
  () => {
    const dtype = c.dtype(c.x(0));
    return isFloat(dtype) ? c.op("Cast", [c.up], castTo(dtype)) : c.refuse("only between floats");
  },
];

/** Element by element operators. */
export type ArithmeticOp =
  | "Add"
  | "Sub"
  | "Mul"
  | "Div"
  | "Pow"
  | "Min"
  | "Max"
  | "Neg"
  | "Abs"
  | "Sqrt"
  | "Exp"
  | "Log"
  | "Reciprocal"
  | "Sin"
  | "Cos"
  | "Tan"
  | "Atan"
  | "Sum"
  | "Mean"
  | "Erf"
  | "Identity"
  | "Cast"
  | "Clip"
  | "Where";

/** Gradients of element by element operators. */
export const arithmetic: Readonly<Record<ArithmeticOp, Rule>> = {
  Add: (c) => [() => sum(c, c.up, 0), () => sum(c, c.up, 1)],
  Sub: (c) => [() => sum(c, c.up, 0), () => c.op("Neg", [sum(c, c.up, 1)])],
  Mul: (c) => [
    () => sum(c, c.op("Mul", [c.up, c.x(1)]), 0),
    () => sum(c, c.op("Mul", [c.up, c.x(0)]), 1),
  ],
  Div: (c) => [
    () => sum(c, c.op("Div", [c.up, c.x(1)]), 0),
    () => c.op("Neg", [sum(c, c.op("Div", [c.op("Mul", [c.up, c.y]), c.x(1)]), 1)]),
  ],
  Pow: power,
  Min: extremum,
  Max: extremum,
  Neg: unary((c) => c.op("Neg", [c.up])),
  Abs: unary((c) => c.op("Mul", [c.up, c.op("Sign", [c.x(0)])])),
  Sqrt: unary((c) => c.op("Div", [c.op("Mul", [c.up, c.number(0.5)]), c.y])),
  Exp: unary((c) => c.op("Mul", [c.up, c.y])),
  Log: unary((c) => c.op("Div", [c.up, c.x(0)])),
  Reciprocal: unary((c) => c.op("Neg", [c.op("Mul", [c.up, c.op("Mul", [c.y, c.y])])])),
  Sin: unary((c) => c.op("Mul", [c.up, c.op("Cos", [c.x(0)])])),
  Cos: unary((c) => c.op("Neg", [c.op("Mul", [c.up, c.op("Sin", [c.x(0)])])])),
  Tan: unary((c) => c.op("Mul", [c.up, c.op("Add", [c.number(1), c.op("Mul", [c.y, c.y])])])),
  Atan: unary((c) =>
    c.op("Div", [c.up, c.op("Add", [c.number(1), c.op("Mul", [c.x(0), c.x(0)])])]),
  ),
  Sum: (c) => c.node.inputs.map((_, index) => () => sum(c, c.up, index)),
  Mean: (c) => {
    const share = once(() => c.op("Div", [c.up, c.number(c.node.inputs.length)]));
    return c.node.inputs.map((_, index) => () => sum(c, share(), index));
  },
  Erf: unary((c) => {
    const bell = c.op("Exp", [c.op("Neg", [c.op("Mul", [c.x(0), c.x(0)])])]);
    return c.op("Mul", [c.up, c.op("Mul", [bell, c.number(2 / Math.sqrt(Math.PI))])]);
  }),
  Identity: unary((c) => c.up),
  Cast: cast,
  Clip: clip,
  Where: (c) => [
    undefined,
    () => sum(c, keepWhere(c, c.x(0), c.up), 1),
    () => sum(c, c.op("Where", [c.x(0), c.number(0), c.up]), 2),
  ],
};
