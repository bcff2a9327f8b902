export { differentiate } from "./differentiate.ts";
export type { DifferentiableOp } from "./gradients.ts";
export { gradientOf } from "./gradients.ts";
export type { CrossEntropyOptions, Loss } from "./losses.ts";
export { meanSquared, softmaxCrossEntropy } from "./losses.ts";
export type { AdamOptions, Optimizer, SgdOptions } from "./optimizers.ts";
export { adam, adamW, sgd } from "./optimizers.ts";
export type { TrainingStep, TrainingStepOptions } from "./training-step.ts";
export { trainingStep } from "./training-step.ts";
