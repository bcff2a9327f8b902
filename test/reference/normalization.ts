import type { Call, Operators } from "./operator.ts";
import { input, number } from "./operator.ts";
import { mean, reduce } from "./reduction.ts";
import type { Value } from "./value.ts";
import { axisOf, value, zip } from "./value.ts";

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

const channelwise = (x: Value, rank: number): Value =>
  value(x.dtype, [x.shape[0]!, ...range(2, rank).map(() => 1)], x.data);

const variance = (elements: readonly number[]): number => {
  const centre = mean(elements);
  return mean(elements.map((e) => (e - centre) ** 2));
};

type Moments = { readonly mean: Value; readonly variance: Value };

const moments = (x: Value, axes: readonly number[]): Moments => ({
  mean: reduce(x, axes, mean),
  variance: reduce(x, axes, variance),
});

const standardize = (x: Value, m: Moments, epsilon: number): Value =>
  zip([x, m.mean, m.variance], x.dtype, (e, centre, v) => (e! - centre!) / Math.sqrt(v! + epsilon));

const affine = (x: Value, scale: Value, bias: Value): Value =>
  zip([x, scale, bias], x.dtype, (e, s, b) => e! * s! + b!);

function batchNormalization(call: Call): Value | Value[] {
  const x = input(call, 0);
  const rank = x.shape.length;
  const [scale, bias, oldMean, oldVariance] = [1, 2, 3, 4].map((i) =>
    channelwise(input(call, i), rank),
  ) as [Value, Value, Value, Value];
  const epsilon = number(call, "epsilon", 1e-5);
  if (number(call, "training_mode", 0) === 0) {
    return affine(standardize(x, { mean: oldMean, variance: oldVariance }, epsilon), scale, bias);
  }
  const batch = moments(x, [0, ...range(2, rank)]);
  const momentum = number(call, "momentum", 0.9);
  const running = (old: Value, now: Value): Value =>
    value(
      x.dtype,
      [x.shape[1]!],
      old.data.map((e, i) => e * momentum + now.data[i]! * (1 - momentum)),
    );
  return [
    affine(standardize(x, batch, epsilon), scale, bias),
    running(oldMean, batch.mean),
    running(oldVariance, batch.variance),
  ];
}

function layerNormalization(call: Call): Value[] {
  const x = input(call, 0);
  const axes = range(axisOf(number(call, "axis", -1), x.shape.length), x.shape.length);
  const m = moments(x, axes);
  const epsilon = number(call, "epsilon", 1e-5);
  const y = affine(
    standardize(x, m, epsilon),
    input(call, 1),
    call.inputs[2] ?? value(x.dtype, []),
  );
  const inverse = value(
    x.dtype,
    m.variance.shape,
    m.variance.data.map((v) => 1 / Math.sqrt(v + epsilon)),
  );
  return [y, m.mean, inverse];
}

function instanceNormalization(call: Call): Value {
  const x = input(call, 0);
  const rank = x.shape.length;
  const normal = standardize(x, moments(x, range(2, rank)), number(call, "epsilon", 1e-5));
  return affine(normal, channelwise(input(call, 1), rank), channelwise(input(call, 2), rank));
}

function groupNormalization(call: Call): Value {
  const x = input(call, 0);
  const rank = x.shape.length;
  const groups = number(call, "num_groups", 1);
  const grouped = value(
    x.dtype,
    [x.shape[0]!, groups, x.data.length / (x.shape[0]! * groups)],
    x.data,
  );
  const normal = standardize(grouped, moments(grouped, [2]), number(call, "epsilon", 1e-5));
  const [scale, bias] = [channelwise(input(call, 1), rank), channelwise(input(call, 2), rank)];
  return affine(value(x.dtype, x.shape, normal.data), scale, bias);
}

function logSoftmax(call: Call): Value {
  const x = input(call, 0);
  const normalizer = reduce(x, [number(call, "axis", -1)], (elements) => {
    const top = elements.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    return top + Math.log(elements.reduce((total, e) => total + Math.exp(e - top), 0));
  });
  return zip([x, normalizer], x.dtype, (e, n) => e! - n!);
}

export const normalization: Operators = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LogSoftmax: logSoftmax,
  Softmax: (call) => {
    const y = logSoftmax(call);
    return value(y.dtype, y.shape, y.data.map(Math.exp));
  },
};
