import type { Optimizer, OptimizerStep } from "./optimizer.ts";
import { number, optimizerInvalid, plus, scaled } from "./optimizer.ts";

/** A gradient over the root of what its squares came to. */
function move(
  { emit }: OptimizerStep,
  at: {
    readonly slope: string;
    readonly squares: string;
    readonly epsilon: number;
  },
): string {
  const size = emit.op("Add", [emit.op("Sqrt", [at.squares]), number(emit, at.epsilon)]);
  return emit.op("Div", [at.slope, size]);
}

/** Choices of Adagrad. */
export type AdagradOptions = {
  readonly epsilon?: number;
  /** Added to the gradient, times the parameter. */
  readonly weightDecay?: number;
};

/**
 * Adagrad, as `torch.optim.Adagrad` without a decay of the rate.
 *
 * @see Duchi, Hazan, Singer 2011, jmlr.org/papers/v12/duchi11a.html.
 */
export const adagrad = ({ epsilon = 1e-10, weightDecay = 0 }: AdagradOptions = {}): Optimizer => ({
  kind: "adagrad",
  states: ["sum"],
  update(step, { parameter, gradient }) {
    const { emit, learningRate } = step;
    const slope = plus(emit, gradient, weightDecay, parameter);
    const square = emit.op("Mul", [slope, slope]);
    const squares = emit.named(`${parameter}.sum.next`, "Add", [`${parameter}.sum`, square]);
    const ratio = move(step, { slope, squares, epsilon });
    emit.named(`${parameter}.next`, "Sub", [parameter, emit.op("Mul", [ratio, learningRate])]);
  },
});

/** Choices of RMSprop. */
export type RmspropOptions = {
  /** How much of the mean square is kept. */
  readonly alpha?: number;
  readonly momentum?: number;
  readonly epsilon?: number;
  /** Added to the gradient, times the parameter. */
  readonly weightDecay?: number;
};

/**
 * RMSprop, as `torch.optim.RMSprop` without centring.
 *
 * @throws `OPTIMIZER_INVALID` when `alpha` lies outside [0, 1).
 * @see Graves 2013, arXiv:1308.0850.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { alpha = 0.99, momentum = 0, epsilon = 1e-8, weightDecay = 0 } = options;
  if (!(alpha >= 0 && alpha < 1)) throw optimizerInvalid("alpha must lie in [0, 1)");
  return {
    kind: "rmsprop",
    states: momentum === 0 ? ["square"] : ["square", "momentum"],
    update(step, { parameter, gradient }) {
      const { emit, learningRate } = step;
      const slope = plus(emit, gradient, weightDecay, parameter);
      const kept = scaled(emit, `${parameter}.square`, alpha);
      const fresh = scaled(emit, emit.op("Mul", [slope, slope]), 1 - alpha);
      const squares = emit.named(`${parameter}.square.next`, "Add", [kept, fresh]);
      let change = move(step, { slope, squares, epsilon });
      if (momentum !== 0) {
        const before = scaled(emit, `${parameter}.momentum`, momentum);
        change = emit.named(`${parameter}.momentum.next`, "Add", [before, change]);
      }
      emit.named(`${parameter}.next`, "Sub", [parameter, emit.op("Mul", [change, learningRate])]);
    },
  };
}
