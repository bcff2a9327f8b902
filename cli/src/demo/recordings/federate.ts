import { fedAvg } from "@edgeloop/cloud-sync";
import { adamW, softmaxCrossEntropy, trainingStep } from "@edgeloop/core/autodiff";
import type { Graph, Tensors } from "@edgeloop/core/graph";
import { f32 } from "@edgeloop/core/graph";
import { deriveSeed } from "@edgeloop/core/platform";
import { constant, runTraining, windowDataset } from "@edgeloop/core/training";
import type { Examples, Problem, TrainPorts } from "@edgeloop/models";
import { isWeight, withWeights } from "@edgeloop/models";

/** How rounds are run when no processes are. */
export type FederateOptions = {
  readonly problem: Problem;
  /** The laboratory's model, from which the rounds start. */
  readonly start: Graph;
  /** One device each, in any order: sums are exact. */
  readonly devices: readonly Examples[];
  readonly rounds: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly onRound?: (round: number) => void;
};

/** Largest change of a weight in a round, and the largest number of examples of a device. */
const limits = { valueMax: 16, weightMax: 1e6 };

/** The learning rate falls to this share over the rounds (Charles & Konečný 2020, arXiv:2007.00878: decay helps). */
const rateFloor = 0.1;

/**
 * Runs federated rounds in one process: the same local steps, the same exact sums and the same strategy as over the
 * network, for cross-validation over many folds.
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
  const strategy = fedAvg({ ...limits, cohortMax: devices.length });
  let model: Tensors = Object.fromEntries(
    [...start.initializers].filter(([name]) => isWeight(name)),
  );
  try {
    for (let round = 0; round < rounds; round += 1) {
      const state = strategy.init(model);
      const sum = strategy.begin(state);
      for (const [index, examples] of devices.entries()) {
        const seed = deriveSeed(options.seed, `round ${round} device ${index}`);
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
          learningRate: constant(options.learningRate * decay(round, rounds)),
          clock: ports.clock,
          ...(ports.signal ? { signal: ports.signal } : {}),
        });
        strategy.add(sum, difference(model, parameters), examples.labels.length);
      }
      ({ model } = strategy.finish(state, sum));
      options.onRound?.(round);
    }
  } finally {
    await session.dispose();
  }
  return withWeights(start, model);
}

/**
 * Gives the share of the learning rate in a round: half a cosine from 1 to the floor.
 *
 * @example
 * decay(0, 10); // => 1
 */
export function decay(round: number, rounds: number): number {
  const done = rounds > 1 ? round / (rounds - 1) : 0;
  return rateFloor + (1 - rateFloor) * 0.5 * (1 + Math.cos(Math.PI * done));
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
