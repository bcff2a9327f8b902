import { fedAvg, rateShare } from "@edgeloop/cloud-sync";
import { adamW, softmaxCrossEntropy, trainingStep } from "@edgeloop/core/autodiff";
import type { Graph, Tensors } from "@edgeloop/core/graph";
import { f32 } from "@edgeloop/core/graph";
import { deriveSeed } from "@edgeloop/core/platform";
import { constant, runTraining, windowDataset } from "@edgeloop/core/training";
import type { Examples, Problem, TrainPorts } from "@edgeloop/models";
import { isWeight, withWeights } from "@edgeloop/models";
import type { RoundSettings } from "./fold.ts";

/** How rounds are run when no processes are. */
export type FederateOptions = RoundSettings & {
  readonly problem: Problem;
  /** The laboratory's model, from which the rounds start. */
  readonly start: Graph;
  /** One device each, in any order: sums are exact. */
  readonly devices: readonly Examples[];
  readonly seed: number;
  readonly onRound?: (round: number) => void;
};

/** Largest change of a weight in a round, and the largest number of examples of a device. */
const limits = { valueMax: 16, weightMax: 1e6 };

/**
 * Runs federated rounds in one process: the same local steps, the same exact sums and the same strategy as over the
 * network, for cross-validation over many folds. Rates and seeds are those that a coordinator puts into its plans.
 *
 * @returns The start's graph with the weights after the last round.
 */
export async function federate(options: FederateOptions, ports: TrainPorts): Promise<Graph> {
  const { problem, start, devices, rounds } = options;
  const step = trainingStep(start, {
    loss: softmaxCrossEntropy({ labelSmoothing: problem.training.labelSmoothing }),
    optimizer: adamW({ weightDecay: problem.training.weightDecay }),
    trainable: isWeight,
    weighted: true,
  });
  const session = await ports.open(step.graph);
  const strategy = fedAvg(
    { ...limits, cohortMax: devices.length },
    { momentum: options.serverMomentum },
  );
  let state = strategy.init(
    Object.fromEntries([...start.initializers].filter(([name]) => isWeight(name))),
  );
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const sum = strategy.begin(state);
      const { model } = state;
      const seed = deriveSeed(options.seed, `round ${round}`);
      for (const examples of devices) {
        const { parameters } = await runTraining({
          session,
          carry: step.carry,
          initial: { ...Object.fromEntries(step.initial), ...model },
          dataset: windowDataset(
            examples,
            { window: "window", target: "target" },
            { augment: problem.training.augment, seed },
          ),
          batchSize: problem.training.batchSize,
          epochs: options.epochs,
          seed,
          learningRate: constant(options.learningRate * rateShare(round, options)),
          clock: ports.clock,
          ...(ports.signal ? { signal: ports.signal } : {}),
        });
        strategy.add(sum, difference(model, parameters), examples.labels.length);
      }
      ({ state } = strategy.finish(state, sum));
      options.onRound?.(round);
    }
  } finally {
    await session.dispose();
  }
  return withWeights(start, state.model);
}

function difference(before: Tensors, after: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(before).map(([name, tensor]) => {
      const now = after[name]?.data as Float32Array;
      const then = tensor.data as Float32Array;
      return [
        name,
        f32(
          now.map((value, at) => value - (then[at] ?? 0)),
          tensor.shape,
        ),
      ];
    }),
  );
}
