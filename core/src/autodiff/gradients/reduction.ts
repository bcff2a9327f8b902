import { intOf } from "../../graph/attributes.ts";
import { int } from "../../graph/builder.ts";
import { castTo } from "../emitter.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { asNumber, expandLike, keepWhere } from "../shapes.ts";

/** The axes input; undefined when everything is reduced. */
function axesOf(c: RuleContext): string | undefined {
  const axes = c.x(1);
  return axes === "" || c.constant(axes)?.data.length === 0 ? undefined : axes;
}

const reducesNothing = (c: RuleContext): boolean =>
  axesOf(c) === undefined && intOf(c.node, "noop_with_empty_axes", 0) === 1;

/** Gives a reduced value its dropped axes back, as size 1. */
function kept(c: RuleContext, value: string): string {
  if (intOf(c.node, "keepdims", 1) === 1) return value;
  const axes = axesOf(c);
  if (axes !== undefined) return c.op("Unsqueeze", [value, axes]);
  return c.op("Reshape", [value, c.ints(c.dims(c.x(0)).map(() => 1))]);
}

const reducer =
  (gradient: (c: RuleContext) => string): Rule =>
  (c) => {
    if (reducesNothing(c)) c.refuse("with no axes it reduces nothing; leave it out");
    return [() => gradient(c), () => c.refuse("axes have no gradient")];
  };

/** Equal extremes share the gradient, as PyTorch's `amax`. */
const extreme = reducer((c) => {
  const best = asNumber(c, c.op("Equal", [c.x(0), kept(c, c.y)]));
  const axes = axesOf(c);
  const count = c.op("ReduceSum", axes === undefined ? [best] : [best, axes], { keepdims: int(1) });
  return c.op("Mul", [best, c.op("Div", [kept(c, c.up), count])]);
});

/** The product of all but one element: of the others that are not 0, and 0 where another one is. */
const product = reducer((c) => {
  const x = c.x(0);
  const axes = axesOf(c);
  const over = (op: string, value: string): string =>
    c.op(op, axes === undefined ? [value] : [value, axes], { keepdims: int(1) });
  const isZero = c.op("Equal", [x, c.number(0)]);
  const safe = c.op("Where", [isZero, c.number(1), x]);
  const others = c.op("Div", [over("ReduceProd", safe), safe]);
  const zeros = over("ReduceSum", asNumber(c, isZero));
  const otherZeros = c.op("Sub", [zeros, asNumber(c, isZero)]);
  const isAlone = c.op("Equal", [otherZeros, c.number(0)]);
  return c.op("Mul", [kept(c, c.up), keepWhere(c, isAlone, others)]);
});

/** Below this length the gradient of a norm fades to 0; at 0 it has none. */
const lengthMin = 1e-30;

/** Reductions. */
export type ReductionOp =
  | "ReduceSum"
  | "ReduceMean"
  | "ReduceMax"
  | "ReduceMin"
  | "ReduceProd"
  | "ReduceSumSquare"
  | "ReduceL1"
  | "ReduceL2"
  | "ReduceLogSum"
  | "ReduceLogSumExp";

/** Gradients of reductions. */
export const reduction: Readonly<Record<ReductionOp, Rule>> = {
  ReduceSum: reducer((c) => expandLike(c, kept(c, c.up), c.x(0))),
  ReduceMean: reducer((c) => {
    const count = c.op("Div", [c.op("Size", [c.x(0)]), c.op("Size", [c.y])]);
    const share = c.op("Div", [kept(c, c.up), c.op("Cast", [count], castTo(c.float))]);
    return expandLike(c, share, c.x(0));
  }),
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceProd: product,
  ReduceL1: reducer((c) => c.op("Mul", [c.op("Sign", [c.x(0)]), kept(c, c.up)])),
  ReduceLogSum: reducer((c) =>
    expandLike(c, c.op("Div", [kept(c, c.up), c.op("Exp", [kept(c, c.y)])]), c.x(0)),
  ),
  ReduceLogSumExp: reducer((c) =>
    c.op("Mul", [c.op("Exp", [c.op("Sub", [c.x(0), kept(c, c.y)])]), kept(c, c.up)]),
  ),
  ReduceSumSquare: reducer((c) => c.op("Mul", [c.op("Mul", [c.x(0), c.number(2)]), kept(c, c.up)])),
  ReduceL2: reducer((c) => {
    const length = c.op("Max", [kept(c, c.y), c.number(lengthMin)]);
    return c.op("Mul", [c.op("Div", [c.x(0), length]), kept(c, c.up)]);
  }),
};
