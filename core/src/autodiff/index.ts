export type { AdaptedModel, AdapterOptions } from "./adapters/adapters.ts";
export { adapterNames, addAdapters, attachAdapters } from "./adapters/adapters.ts";
export type { MergeOptions } from "./adapters/merge-adapters.ts";
export { mergeAdapters } from "./adapters/merge-adapters.ts";
export { differentiate } from "./differentiate.ts";
export type { TrainingEstimate, TrainingEstimateOptions } from "./estimate-training.ts";
export { estimateTraining } from "./estimate-training.ts";
export type { Choice } from "./fit/choice.ts";
export { choices } from "./fit/choice.ts";
export type { FitOptions, FittedStep } from "./fit/fit-training.ts";
export { fitTraining } from "./fit/fit-training.ts";
export type { DifferentiableOp } from "./gradients.ts";
export { gradientOf } from "./gradients.ts";
export type { LossGraphOptions } from "./loss-graph.ts";
export { lossGraph } from "./loss-graph.ts";
export type { CrossEntropyOptions } from "./losses/cross-entropy.ts";
export { softmaxCrossEntropy } from "./losses/cross-entropy.ts";
export {
  binaryCrossEntropy,
  huber,
  meanAbsolute,
  meanSquared,
  quantile,
  reconstruction,
} from "./losses/elementwise.ts";
export type { Loss } from "./losses/loss.ts";
export type { MicroBatching } from "./micro-batches.ts";
export { microBatching } from "./micro-batches.ts";
export type { AdamOptions } from "./optimizers/adam.ts";
export { adam, adamW } from "./optimizers/adam.ts";
export type { Optimizer } from "./optimizers/optimizer.ts";
export type { AdagradOptions, RmspropOptions } from "./optimizers/root-mean-square.ts";
export { adagrad, rmsprop } from "./optimizers/root-mean-square.ts";
export type { SgdOptions } from "./optimizers/sgd.ts";
export { sgd } from "./optimizers/sgd.ts";
export type { Recomputing } from "./recompute.ts";
export { recomputing } from "./recompute.ts";
export { gradientRefusals } from "./refusals.ts";
export type { TrainingStep, TrainingStepOptions } from "./training-step.ts";
export { trainingStep } from "./training-step.ts";
export { unrolledStepsMax, unrollSteps } from "./unroll-steps.ts";
export { differentiableNames } from "./weights-of.ts";
