import { floatOf, intOf } from "../../graph/attributes.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { keepWhere, sumOver } from "../shapes.ts";

const oneMinus = (c: RuleContext, value: string): string => c.op("Sub", [c.number(1), value]);

const sumAlong = (c: RuleContext, value: string): string =>
  sumOver(c, value, [intOf(c.node, "axis", -1)], true);

/** Activations. */
export type ActivationOp = "Relu" | "LeakyRelu" | "Sigmoid" | "Tanh" | "Softmax" | "LogSoftmax";

/** Gradients of activations; at its kink a rectifier has the gradient of the left side. */
export const activation: Readonly<Record<ActivationOp, Rule>> = {
  Relu: (c) => [() => keepWhere(c, c.op("Greater", [c.y, c.number(0)]), c.up)],
  LeakyRelu: (c) => [
    () => {
      const leak = c.op("Mul", [c.up, c.number(floatOf(c.node, "alpha", 0.01))]);
      return c.op("Where", [c.op("Greater", [c.x(0), c.number(0)]), c.up, leak]);
    },
  ],
  Sigmoid: (c) => [() => c.op("Mul", [c.up, c.op("Mul", [c.y, oneMinus(c, c.y)])])],
  Tanh: (c) => [() => c.op("Mul", [c.up, oneMinus(c, c.op("Mul", [c.y, c.y]))])],
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
