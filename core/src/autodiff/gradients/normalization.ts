import { floatOf, intOf } from "../../graph/attributes.ts";
import { int } from "../../graph/builder.ts";
import { castTo } from "../emitter.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { once } from "../rule.ts";
import { axisOf, expandLike, range, reshapeLike, sumLike, sumOver } from "../shapes.ts";

const meanOver = (c: RuleContext, value: string, axes: readonly number[]): string =>
  c.op("ReduceMean", [value, c.ints(axes)], { keepdims: int(1) });

type Standardized = { readonly normal: string; readonly inverse: string };

/** Computes `(x - mean) / deviation` again, and `1 / deviation`. */
function standardize(c: RuleContext, x: string, axes: readonly number[]): Standardized {
  const centred = c.op("Sub", [x, meanOver(c, x, axes)]);
  const variance = meanOver(c, c.op("Mul", [centred, centred]), axes);
  const epsilon = c.number(floatOf(c.node, "epsilon", 1e-5));
  const inverse = c.op("Reciprocal", [c.op("Sqrt", [c.op("Add", [variance, epsilon])])]);
  return { normal: c.op("Mul", [centred, inverse]), inverse };
}

/** The gradient through the mean and the deviation: what is common to a row and what is along it drop out. */
function throughMoments(
  c: RuleContext,
  up: string,
  { normal, inverse }: Standardized,
  axes: readonly number[],
): string {
  const along = c.op("Mul", [normal, meanOver(c, c.op("Mul", [up, normal]), axes)]);
  const rest = c.op("Sub", [c.op("Sub", [up, meanOver(c, up, axes)]), along]);
  return c.op("Mul", [rest, inverse]);
}

/** Gradients that arrive at the mean and at the inverse deviation reach every element of their row. */
function fromStatistics(c: RuleContext, { normal, inverse }: Standardized): readonly string[] {
  const [, mean, deviation] = c.ups;
  if (mean === undefined && deviation === undefined) return [];
  const elements = c.op("Div", [c.op("Size", [c.x(0)]), c.op("Size", [inverse])]);
  const count = c.op("Cast", [elements], castTo(c.float));
  const share = (up: string): string => c.op("Div", [up, count]);
  const square = (): string => c.op("Mul", [c.op("Mul", [inverse, inverse]), normal]);
  return [
    ...(mean === undefined ? [] : [expandLike(c, share(mean), c.x(0))]),
    ...(deviation === undefined ? [] : [c.op("Neg", [c.op("Mul", [share(deviation), square()])])]),
  ];
}

const layer: Rule = (c) => {
  const x = c.x(0);
  const dims = c.dims(x);
  const axes = range(axisOf(intOf(c.node, "axis", -1), dims.length), dims.length);
  const parts = once(() => standardize(c, x, axes));
  const direct = (): readonly string[] =>
    c.ups[0] === undefined ? [] : [throughMoments(c, c.op("Mul", [c.up, c.x(1)]), parts(), axes)];
  const onlyFirst = (gradient: () => string) => (c.ups[0] === undefined ? undefined : gradient);
  return [
    () =>
      [...direct(), ...fromStatistics(c, parts())].reduce((sum, each) => c.op("Add", [sum, each])),
    onlyFirst(() => sumLike(c, c.op("Mul", [c.up, parts().normal]), dims, c.x(1))),
    onlyFirst(() => sumLike(c, c.up, dims, c.x(2))),
  ];
};

/** Lays a vector of one number a channel along axis 1. */
const alongChannels = (c: RuleContext, vector: string, rank: number): string =>
  c.op("Unsqueeze", [vector, c.ints(range(1, rank - 1))]);

/** Normalizations of each example over groups of channels. */
const grouped =
  (groupsOf: (c: RuleContext) => number): Rule =>
  (c) => {
    const x = c.x(0);
    const rank = c.dims(x).length;
    const group = (value: string): string => c.op("Reshape", [value, c.ints([0, groupsOf(c), -1])]);
    const parts = once(() => standardize(c, group(x), [2]));
    const others = [0, ...range(2, rank)];
    return [
      () => {
        const scaled = c.op("Mul", [c.up, alongChannels(c, c.x(1), rank)]);
        return reshapeLike(c, throughMoments(c, group(scaled), parts(), [2]), x);
      },
      () => sumOver(c, c.op("Mul", [c.up, reshapeLike(c, parts().normal, x)]), others),
      () => sumOver(c, c.up, others),
    ];
  };

const channels = (c: RuleContext): number => {
  const dim = c.dims(c.x(0))[1];
  return typeof dim === "number" ? dim : c.refuse("the number of channels must be known");
};

/** Normalizations of single examples. */
export type NormalizationOp = "LayerNormalization" | "InstanceNormalization" | "GroupNormalization";

/** Gradients of normalizations of single examples. */
export const normalization: Readonly<Record<NormalizationOp, Rule>> = {
  LayerNormalization: layer,
  InstanceNormalization: grouped(channels),
  GroupNormalization: grouped((c) => intOf(c.node, "num_groups", 1)),
};
