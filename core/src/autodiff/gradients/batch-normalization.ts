import { floatOf, intOf } from "../../graph/attributes.ts";
import { float, int } from "../../graph/builder.ts";
import { castTo } from "../emitter.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { once } from "../rule.ts";
import { range, sumOver } from "../shapes.ts";
import { withStatistics } from "./running-statistics.ts";

/** Lays a vector of one number a channel along axis 1. */
const alongChannels = (c: RuleContext, vector: string): string => {
  const rank = c.dims(c.x(0)).length;
  return rank === 2 ? vector : c.op("Unsqueeze", [vector, c.ints(range(1, rank - 1))]);
};

const sumChannels = (c: RuleContext, value: string): string =>
  sumOver(c, value, [0, ...range(2, c.dims(c.x(0)).length)]);

/** `value * scale + shift` a channel, in the one pass of a BatchNormalization of mean 0 and variance 1. */
function affine(c: RuleContext, value: string, scale: string, shift: string): string {
  const zero = c.op("Mul", [scale, c.number(0)]);
  const one = c.op("Add", [zero, c.number(1)]);
  return c.op("BatchNormalization", [value, scale, shift, zero, one], { epsilon: float(0) });
}

const inverseDeviation = (c: RuleContext, variance: string): string => {
  const epsilon = c.number(floatOf(c.node, "epsilon", 1e-5));
  return c.op("Reciprocal", [c.op("Sqrt", [c.op("Add", [variance, epsilon])])]);
};

/** Parts that both modes share: everything is one number a channel but `centred`. */
function partsOf(c: RuleContext, mean: string, variance: string) {
  const centred = once(() => c.op("Sub", [c.x(0), alongChannels(c, mean)]));
  const inverse = once(() => inverseDeviation(c, variance));
  const bias = once(() => sumChannels(c, c.up));
  const scale = once(() =>
    c.op("Mul", [sumChannels(c, c.op("Mul", [c.up, centred()])), inverse()]),
  );
  const gain = once(() => c.op("Mul", [c.x(1), inverse()]));
  return { centred, inverse, bias, scale, gain };
}

const frozen = (c: RuleContext): ReturnType<Rule> => {
  const { inverse, bias, scale, gain } = partsOf(c, c.x(3), c.x(4));
  return [
    () => c.op("Mul", [c.up, alongChannels(c, gain())]),
    scale,
    bias,
    () => c.op("Neg", [c.op("Mul", [bias(), gain()])]),
    () => {
      const slope = c.op("Mul", [gain(), c.op("Mul", [inverse(), c.number(-0.5)])]);
      return c.op("Mul", [scale(), slope]);
    },
  ];
};

/** Mean and variance of the batch: the node's own outputs when its momentum is 0, else computed again. */
function batchMoments(c: RuleContext): readonly [string, string] {
  const [, mean, variance] = c.node.outputs;
  if (floatOf(c.node, "momentum", 0.9) === 0 && mean && variance) return [mean, variance];
  const axes = c.ints([0, ...range(2, c.dims(c.x(0)).length)]);
  const average = (value: string): string =>
    c.op("ReduceMean", [value, axes], { keepdims: int(0) });
  const computed = average(c.x(0));
  const centred = c.op("Sub", [c.x(0), alongChannels(c, computed)]);
  return [computed, average(c.op("Mul", [centred, centred]))];
}

/**
 * `dx = gain * (up - mean(up) - normal * mean(up * normal))`, in three passes over the batch: `gain * up` plus an
 * affine function of the centred input, one slope and shift a channel.
 */
const training = (c: RuleContext): ReturnType<Rule> => {
  const parts = once(() => partsOf(c, ...batchMoments(c)));
  return [
    () => {
      const { centred, inverse, bias, scale, gain } = parts();
      const count = c.op("Div", [c.op("Size", [c.x(0)]), c.op("Size", [c.x(1)])]);
      const perCount = c.op("Neg", [c.op("Div", [gain(), c.op("Cast", [count], castTo(c.float))])]);
      const slope = c.op("Mul", [c.op("Mul", [perCount, scale()]), inverse()]);
      const rest = affine(c, centred(), slope, c.op("Mul", [perCount, bias()]));
      return c.op("Add", [c.op("Mul", [c.up, alongChannels(c, gain())]), rest]);
    },
    () => parts().scale(),
    () => parts().bias(),
    // The first output does not depend on the running statistics.
    undefined,
    undefined,
  ];
};

/** Gradients of BatchNormalization, in training mode (through the batch's moments) or frozen. */
export const batchNormalization: Readonly<Record<"BatchNormalization", Rule>> = {
  BatchNormalization: (c) =>
    intOf(c.node, "training_mode", 0) === 1 ? withStatistics(c, training(c)) : frozen(c),
};
