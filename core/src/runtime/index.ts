export type { BackendChoice, Trial } from "./backend-trial.ts";
export { decideBackend, speedupMin, threadSpeedupMin } from "./backend-trial.ts";
export { largestDifference } from "./difference.ts";
export type { LitertModule } from "./litert.ts";
export { openLitert } from "./litert.ts";
export type { Model } from "./model.ts";
export { openSession } from "./open.ts";
export type { RandomFeedOptions } from "./random-feeds.ts";
export { randomFeeds, randomLike } from "./random-feeds.ts";
export type { RuntimeErrorCode } from "./runtime-errors.ts";
export type {
  Backend,
  Carry,
  Loop,
  LoopOptions,
  Session,
  SessionOptions,
} from "./session.ts";
export type { TfliteModule } from "./tflite.ts";
export { openTflite } from "./tflite.ts";
export type { EngineFactory, LoadedEngine, TfliteEngine } from "./tflite-engine.ts";
export { litertBuild, startTfliteEngine } from "./tflite-engine.ts";
export type { Candidate, TryOptions } from "./try-backends.ts";
export { tryBackends } from "./try-backends.ts";
