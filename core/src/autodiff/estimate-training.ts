import { byteLengthOf } from "../graph/dtypes.ts";
import type { Sizes } from "../graph/peak-memory.ts";
import { peakMemory, withSizes } from "../graph/peak-memory.ts";
import { simplify } from "../graph/simplify.ts";
import type { Tensor } from "../graph/tensor.ts";
import { sizeOf } from "../graph/tensor.ts";
import type { TrainingStep } from "./training-step.ts";

/** What a training step takes of a device's memory, in bytes, before it runs. */
export type TrainingEstimate = {
  /** Numbers that are trained. */
  readonly parameters: number;
  readonly parameterBytes: number;
  /** Optimizer state and running statistics. */
  readonly stateBytes: number;
  /** Weights that stay as they are, and other constants. */
  readonly constantBytes: number;
  /** One batch. */
  readonly batchBytes: number;
  /** Forward values that are kept, gradients, and what lies unused between them. */
  readonly activationBytes: number;
  /** What the runtime keeps of the graph itself. */
  readonly runtimeBytes: number;
  /** All of it at the worst moment: what a process grows by when it opens the step and runs it. */
  readonly peakBytes: number;
};

/** What an estimate is for. */
export type TrainingEstimateOptions = {
  /** Gives numbers to named dimensions, the batch's above all; those without one count as 1. */
  readonly sizes?: Sizes;
  readonly backend?: "wasm" | "native";
};

/**
 * While a session opens, constants are there so many times: in the file, as it is read, as tensors and packed for the
 * kernels; and so many times from then on.
 */
const [openingCopies, constantCopies] = [4, 2];

/**
 * How backends differ, measured: onnxruntime 1.30.0 on x86-64, a session and a loop of the nets of
 * `npm run bench -- memory`, batches of 1 to 64. A session takes a base and a share a node; a carried tensor is there
 * so many times; kernels' own memory and holes that fit nothing make activations larger than their buffers.
 */
const footprints = {
  wasm: { base: 0.65 * 2 ** 20, perNode: 2600, carriedCopies: 2, activations: 1.25 },
  native: { base: 5.8 * 2 ** 20, perNode: 11_000, carriedCopies: 3, activations: 1.35 },
} as const;

/** What is made again is laid between what is kept, and leaves more holes: measured. */
const recomputedHoles = 1.15;

/**
 * Estimates the memory of a training step before it runs, for a loop that carries parameters from step to step.
 *
 * Buffers are followed in the order in which onnxruntime runs the nodes ({@link peakMemory}), once normalizations that
 * are frozen are folded away as it folds them. Held to what is measured
 * by `npm run bench -- memory`: within 20 %.
 *
 * @throws What `inferValues` throws.
 */
export function estimateTraining(
  { graph, initial, parameters, recompute }: TrainingStep,
  { sizes = {}, backend = "wasm" }: TrainingEstimateOptions = {},
): TrainingEstimate {
  const { base, perNode, carriedCopies, activations } = footprints[backend];
  const holes = recompute > 1 ? recomputedHoles : 1;
  const learned = parameters.flatMap((name) => initial.get(name) ?? []);
  const parameterBytes = bytesOf(learned);
  const stateBytes = bytesOf([...initial.values()]) - parameterBytes;
  const constantBytes = bytesOf([...graph.initializers.values()]);
  const batch = withSizes(graph, sizes).inputs.filter(({ name }) => !initial.has(name));
  const batchBytes = bytesOf(
    batch.map(({ dtype, shape = [] }) => ({
      dtype,
      shape: shape.map((dim) => (typeof dim === "number" ? dim : 1)),
    })),
  );
  const activationBytes = Math.round(holes * activations * peakMemory(simplify(graph), sizes));
  const runtimeBytes = Math.round(base + perNode * graph.nodes.length);
  const carriedBytes = carriedCopies * (parameterBytes + stateBytes);
  const running = constantCopies * constantBytes + batchBytes + carriedBytes + activationBytes;
  return {
    parameters: learned.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    ...{ parameterBytes, stateBytes, constantBytes, batchBytes, activationBytes, runtimeBytes },
    peakBytes: runtimeBytes + Math.max(openingCopies * constantBytes, running),
  };
}

type Sized = Pick<Tensor, "dtype" | "shape">;

const bytesOf = (tensors: readonly Sized[]): number =>
  tensors.reduce((sum, { dtype, shape }) => sum + byteLengthOf(dtype, shape), 0);
