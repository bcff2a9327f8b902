import type { Rule, RuleContext } from "../rule.ts";
import { keepWhere } from "../shapes.ts";

const noGradient = (c: RuleContext, what: string) => (): never =>
  c.refuse(`${what} has no gradient`);

const constantOf = (c: RuleContext, index: number, otherwise: number, what: string): number => {
  if (c.x(index) === "") return otherwise;
  const found = c.constant(c.x(index)) ?? c.refuse(`${what} must be a constant`);
  return Number(found.data[0]);
};

/** In inference it is the identity; in training the gradient passes where the node's own mask kept the element. */
const dropout: Rule = (c) => [
  () => {
    const isTraining = constantOf(c, 2, 0, "its training mode") !== 0;
    const ratio = isTraining ? constantOf(c, 1, 0.5, "its ratio") : 0;
    if (ratio === 0) return c.up;
    const mask = c.node.outputs[1] || c.refuse("in training mode it must give its mask");
    return keepWhere(c, mask, c.op("Mul", [c.up, c.number(1 / (1 - ratio))]));
  },
  noGradient(c, "a ratio"),
  noGradient(c, "a mode"),
];

/** Gradient of Dropout; a training step draws the masks of its own from a seed instead (`dropoutInTraining`). */
export const dropping: Readonly<Record<"Dropout", Rule>> = { Dropout: dropout };
