import type { Emitter } from "../emitter.ts";
import { castTo } from "../emitter.ts";
import type { Optimizer } from "./optimizer.ts";
import { number, optimizerInvalid, plus, scaled } from "./optimizer.ts";

/** Choices of Adam. */
export type AdamOptions = {
  /** Decay rates of the first and the second moment. */
  readonly betas?: readonly [number, number];
  readonly epsilon?: number;
  readonly weightDecay?: number;
};

/**
 * Adam, as `torch.optim.Adam`: the decay is added to the gradient.
 *
 * @see Kingma, Ba 2015, arXiv:1412.6980.
 */
export const adam = (options: AdamOptions = {}): Optimizer =>
  moments("adam", { weightDecay: 0, ...options });

/**
 * AdamW, as `torch.optim.AdamW`: the decay is taken from the parameter itself, 0.01 by default.
 *
 * @see Loshchilov, Hutter 2019, arXiv:1711.05101.
 */
export const adamW = (options: AdamOptions = {}): Optimizer =>
  moments("adamw", { weightDecay: 0.01, ...options });

function moments(kind: "adam" | "adamw", options: AdamOptions): Optimizer {
  const { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0 } = options;
  const [beta1, beta2] = betas;
  if (![beta1, beta2].every((beta) => beta >= 0 && beta < 1))
    throw optimizerInvalid("betas must lie in [0, 1)");
  return {
    kind,
    betas,
    states: ["moment1", "moment2"],
    update({ emit, learningRate, corrections }, { parameter, gradient }) {
      if (corrections === undefined) throw optimizerInvalid("Adam needs bias corrections");
      const slope = kind === "adam" ? plus(emit, gradient, weightDecay, parameter) : gradient;
      const moment = (index: 1 | 2, beta: number, value: string): string => {
        const kept = scaled(emit, `${parameter}.moment${index}`, beta);
        const fresh = scaled(emit, value, 1 - beta);
        return emit.named(`${parameter}.moment${index}.next`, "Add", [kept, fresh]);
      };
      const first = moment(1, beta1, slope);
      const second = moment(2, beta2, emit.op("Mul", [slope, slope]));
      const deviation = emit.op("Mul", [emit.op("Sqrt", [second]), corrections.root]);
      const ratio = emit.op("Div", [first, emit.op("Add", [deviation, number(emit, epsilon)])]);
      const change = emit.op("Mul", [ratio, corrections.rate]);
      const decayed =
        kind === "adam" || weightDecay === 0
          ? parameter
          : emit.op("Sub", [
              parameter,
              emit.op("Mul", [parameter, scaled(emit, learningRate, weightDecay)]),
            ]);
      emit.named(`${parameter}.next`, "Sub", [decayed, change]);
    },
  };
}

/** Counts the step and emits Adam's corrections; in float64, because `1 - 0.999` keeps only 5 digits in float32. */
export function biasCorrections(
  emit: Emitter,
  {
    betas,
    step,
    learningRate,
  }: {
    readonly betas: readonly [number, number];
    readonly step: string;
    readonly learningRate: string;
  },
): { readonly rate: string; readonly root: string } {
  const one = emit.tensor({ dtype: "int64", shape: [], data: BigInt64Array.of(1n) });
  const next = emit.named(`${step}.next`, "Add", [step, one]);
  const count = emit.op("Cast", [next], castTo("float64"));
  const [first, second] = betas.map((beta) => {
    const power = emit.op("Pow", [emit.number(beta, "float64"), count]);
    return emit.op("Sub", [emit.number(1, "float64"), power]);
  }) as [string, string];
  const narrow = (value: string): string => emit.op("Cast", [value], castTo("float32"));
  const root = narrow(emit.op("Reciprocal", [emit.op("Sqrt", [second])]));
  return { root, rate: emit.op("Div", [learningRate, narrow(first)]) };
}
