import type { Optimizer } from "./optimizer.ts";
import { optimizerInvalid, plus, scaled } from "./optimizer.ts";

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
