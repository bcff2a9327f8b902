export type { Augment, WindowSet } from "./augment.ts";
export { augmentWindow, windowDataset } from "./augment.ts";
export type { Batch, BatchOptions, Dataset } from "./batches.ts";
export { batchesOf, gatherRows, tensorDataset } from "./batches.ts";
export type { ImportanceOptions } from "./importance.ts";
export { measureImportance } from "./importance.ts";
export type { Schedule } from "./schedule.ts";
export { constant, cosine, stepwise, warmup } from "./schedule.ts";
export type {
  EarlyStopping,
  EpochReport,
  TrainingOptions,
  TrainingResult,
} from "./training-loop.ts";
export { runTraining, turnMsMax } from "./training-loop.ts";
