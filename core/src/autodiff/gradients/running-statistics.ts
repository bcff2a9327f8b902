import { floatOf } from "../../graph/attributes.ts";
import { int } from "../../graph/builder.ts";
import { castTo } from "../emitter.ts";
import type { InputGradient, RuleContext } from "../rule.ts";
import { expandLike, range } from "../shapes.ts";

type Gradients = readonly (InputGradient | undefined)[];

/**
 * Adds what arrives at the running outputs of a BatchNormalization in training mode to what arrives at its first.
 *
 * Each is `running * momentum + batch * (1 - momentum)`, of the batch's mean and population variance: so the input gets
 * `up / count`, and `up * 2 (x - mean) / count`, times `1 - momentum`.
 *
 * @param first Gradients that come from the first output, by input.
 */
export function withStatistics(c: RuleContext, first: Gradients): Gradients {
  const [, mean, variance] = c.ups;
  if (mean === undefined && variance === undefined) return first;
  const momentum = floatOf(c.node, "momentum", 0.9);
  const kept = (up: string | undefined): InputGradient | undefined =>
    up === undefined ? undefined : () => c.op("Mul", [up, c.number(momentum)]);
  return [
    () => {
      const direct = c.ups[0] === undefined ? undefined : first[0]?.();
      const found = [direct, ...batchGradients(c, 1 - momentum)].filter(
        (each) => each !== undefined,
      );
      return found.reduce((sum, each) => c.op("Add", [sum, each]));
    },
    ...(c.ups[0] === undefined ? [undefined, undefined] : first.slice(1, 3)),
    kept(mean),
    kept(variance),
  ];
}

/** Gradients of the input through the batch's mean and variance, each of the input's shape. */
function batchGradients(c: RuleContext, share: number): (string | undefined)[] {
  const [, mean, variance] = c.ups;
  const x = c.x(0);
  const rank = c.dims(x).length;
  const axes = [0, ...range(2, rank)];
  const elements = c.op("Div", [c.op("Size", [x]), c.op("Size", [c.x(1)])]);
  const count = c.op("Cast", [elements], castTo(c.float));
  const factor = c.op("Div", [c.number(share), count]);
  const along = (up: string): string => {
    const scaled = c.op("Mul", [up, factor]);
    return rank === 2 ? scaled : c.op("Unsqueeze", [scaled, c.ints(range(1, rank - 1))]);
  };
  const centred = (): string => {
    const average = c.op("ReduceMean", [x, c.ints(axes)], { keepdims: int(1) });
    return c.op("Mul", [c.op("Sub", [x, average]), c.number(2)]);
  };
  return [
    mean === undefined ? undefined : expandLike(c, along(mean), x),
    variance === undefined ? undefined : c.op("Mul", [centred(), along(variance)]),
  ];
}
