import { int } from "../../graph/builder.ts";
import { castTo } from "../emitter.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { once } from "../rule.ts";
import { asNumber, keepWhere, reshapeLike, sumLike } from "../shapes.ts";

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

/** Adds up a gradient to the shape of a limit, which is a single number. */
const toLimit = (c: RuleContext, value: string, index: number): string =>
  reshapeLike(c, c.op("ReduceSum", [value], { keepdims: int(0) }), c.x(index));

/** The upper limit holds where both do; an element at a limit is the input's. */
const clip: Rule = (c) => {
  const [x, low, high] = [c.x(0), c.x(1), c.x(2)];
  return [
    () => {
      const inside = [
        ...(low === "" ? [] : [c.op("GreaterOrEqual", [x, low])]),
        ...(high === "" ? [] : [c.op("LessOrEqual", [x, high])]),
      ];
      if (inside.length === 0) return c.up;
      return keepWhere(
        c,
        inside.reduce((a, b) => c.op("And", [a, b])),
        c.up,
      );
    },
    () => {
      const below = c.op("Less", [x, low]);
      const isFree = high === "" ? below : c.op("And", [below, c.op("LessOrEqual", [low, high])]);
      return toLimit(c, keepWhere(c, isFree, c.up), 1);
    },
    () => {
      const raised = low === "" ? x : c.op("Max", [x, low]);
      return toLimit(c, keepWhere(c, c.op("Greater", [raised, high]), c.up), 2);
    },
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
