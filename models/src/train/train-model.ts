import type { Optimizer } from "@edgeloop/core/autodiff";
import { adamW, softmaxCrossEntropy, trainingStep } from "@edgeloop/core/autodiff";
import type { Graph, Tensors } from "@edgeloop/core/graph";
import type { Clock } from "@edgeloop/core/platform";
import type { Session } from "@edgeloop/core/runtime";
import type { EpochReport } from "@edgeloop/core/training";
import { cosine, runTraining, windowDataset } from "@edgeloop/core/training";
import type { Problem } from "../problem/problem.ts";
import type { Examples } from "./examples.ts";

/** What training needs from outside. */
export type TrainPorts = {
  /** Opens a session on the backend of the caller's choice. */
  readonly open: (graph: Graph) => Promise<Session>;
  readonly clock: Clock;
  readonly onEpoch?: (report: EpochReport) => void;
  readonly signal?: AbortSignal;
};

/** How one training run differs from what the problem states. */
export type TrainOverrides = {
  readonly seed?: number;
  readonly epochs?: number;
  readonly learningRate?: number;
};

/**
 * Trains a model on examples: its features, network, loss, gradients and optimizer run as one graph.
 *
 * AdamW on softmax cross-entropy under a cosine schedule, with the problem's light augmentation. A pure function of
 * graph, examples, seed and backend.
 *
 * @returns The graph with its trained weights.
 * @throws `TRAINING_INVALID`, `TRAINING_DIVERGED`
 */
export async function trainModel(
  graph: Graph,
  examples: Examples,
  problem: Problem,
  ports: TrainPorts & TrainOverrides,
): Promise<Graph> {
  const { training } = problem;
  const seed = ports.seed ?? training.seed;
  const step = trainingStep(graph, {
    loss: softmaxCrossEntropy({ labelSmoothing: training.labelSmoothing }),
    optimizer: optimizerOf(problem),
    trainable: isWeight,
    weighted: true,
  });
  const session = await ports.open(step.graph);
  try {
    const { parameters } = await runTraining({
      session,
      carry: step.carry,
      initial: step.initial,
      dataset: windowDataset(
        examples,
        { window: "window", target: "target" },
        { augment: training.augment, seed },
      ),
      batchSize: training.batchSize,
      epochs: ports.epochs ?? training.epochs,
      seed,
      learningRate: cosine(ports.learningRate ?? training.learningRate),
      clock: ports.clock,
      ...(ports.onEpoch ? { onEpoch: ports.onEpoch } : {}),
      ...(ports.signal ? { signal: ports.signal } : {}),
    });
    return withWeights(graph, parameters);
  } finally {
    await session.dispose();
  }
}

const optimizerOf = ({ training }: Problem): Optimizer =>
  adamW({ weightDecay: training.weightDecay });

/**
 * Tells a learned tensor from a constant of the pipeline by its name: `<layer>.<role>`.
 *
 * @example
 * isWeight("conv1.weight"); // => true
 */
export const isWeight = (name: string): boolean => /\.(weight|bias|scale)$/.test(name);

/** Replaces the initialisers that `parameters` names. */
export const withWeights = (graph: Graph, parameters: Tensors): Graph => ({
  ...graph,
  initializers: new Map(
    [...graph.initializers].map(([name, tensor]) => [name, parameters[name] ?? tensor]),
  ),
});
