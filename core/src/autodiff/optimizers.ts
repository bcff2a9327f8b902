import { EdgeloopError } from "../platform/errors.ts";
import type { Emitter } from "./emitter.ts";
import { castTo } from "./emitter.ts";

/** Scalars that all parameters share in one step. */
export type OptimizerStep = {
  readonly emit: Emitter;
  readonly learningRate: string;
  /** Adam's step size and the inverse of its second correction; absent in optimizers that do not count. */
  readonly corrections?: { readonly rate: string; readonly root: string };
};

/** One parameter, its gradient and its state, by name; `<name>.next` are the names to emit. */
export type OptimizerInputs = { readonly parameter: string; readonly gradient: string };

/** An update rule: pure data and a function that emits it. */
export type Optimizer = {
  readonly kind: string;
  /** State tensors of a parameter, of its shape, zero at the start: `<parameter>.<state>`. */
  readonly states: readonly string[];
  /** Decay rates of the moments whose bias is corrected by the number of steps, `optimizer.step`. */
  readonly betas?: readonly [number, number];
  /** Emits `<parameter>.next` and `<parameter>.<state>.next`. */
  update(step: OptimizerStep, inputs: OptimizerInputs): void;
};

const number = (emit: Emitter, value: number): string => emit.number(value, "float32");

const plus = (emit: Emitter, value: string, factor: number, other: string): string =>
  factor === 0 ? value : emit.op("Add", [value, scaled(emit, other, factor)]);

const scaled = (emit: Emitter, value: string, factor: number): string =>
  emit.op("Mul", [value, number(emit, factor)]);

/** Choices of stochastic gradient descent. */
export type SgdOptions = {
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** Added to the gradient, times the parameter. */
  readonly weightDecay?: number;
};

/**
 * Stochastic gradient descent with momentum and Nesterov's, as `torch.optim.SGD` without dampening.
 *
 * @throws `OPTIMIZER_INVALID` for Nesterov without momentum.
 */
export function sgd({
  momentum = 0,
  nesterov = false,
  weightDecay = 0,
}: SgdOptions = {}): Optimizer {
  if (nesterov && momentum <= 0) throw optimizerInvalid("Nesterov needs a momentum above 0");
  return {
    kind: "sgd",
    states: momentum === 0 ? [] : ["momentum"],
    update({ emit, learningRate }, { parameter, gradient }) {
      const slope = plus(emit, gradient, weightDecay, parameter);
      let direction = slope;
      if (momentum !== 0) {
        const kept = scaled(emit, `${parameter}.momentum`, momentum);
        const velocity = emit.named(`${parameter}.momentum.next`, "Add", [kept, slope]);
        direction = nesterov ? plus(emit, slope, momentum, velocity) : velocity;
      }
      const change = emit.op("Mul", [direction, learningRate]);
      emit.named(`${parameter}.next`, "Sub", [parameter, change]);
    },
  };
}

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

const optimizerInvalid = (message: string): EdgeloopError =>
  new EdgeloopError("OPTIMIZER_INVALID", message);
