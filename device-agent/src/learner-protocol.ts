import type {
  CalibrationResult,
  CalibrationTask,
  EvaluationResult,
  EvaluationTask,
  Plan,
} from "@edgeloop/cloud-sync";
import type { Backend } from "@edgeloop/core/runtime";

/** A model as bytes: a graph whose weights are inputs, and the weights as safetensors. */
export type ModelBytes = { readonly graph: Uint8Array; readonly tensors: Uint8Array };

/** What every session of the learner begins with. */
export type LearnerStart = {
  readonly plan: Plan;
  /** Samples and channels of a window. */
  readonly window: { readonly lengthSamples: number; readonly channels: number };
};

/** Some of the windows to learn from, one after the other, with their classes as indices into the plan's. */
export type WindowChunk = { readonly data: Float32Array; readonly targets: readonly number[] };

/** A serving model and realistic windows, on which backends are verified and measured. */
export type BackendRequest = {
  /** ONNX bytes. */
  readonly model: Uint8Array;
  readonly input: string;
  /** One window each, `[1, time, channel]`. */
  readonly windows: readonly Float32Array[];
  readonly shape: readonly number[];
  /** The most that a run may use. */
  readonly threads: number;
  /** Where choices and crashes are remembered. */
  readonly directory: string;
};

/** Which backend serves a model best here, with how many threads, and why. */
export type BackendAnswer = {
  readonly backend: Backend;
  readonly threads: number;
  readonly why: string;
};

/** What the learner process does, as plain calls with plain data. One session a process. */
export type LearnerApi = {
  /** Runs here because native code may take its process down, and because measuring takes its thread. */
  readonly chooseBackend: (request: BackendRequest) => Promise<BackendAnswer>;
  readonly begin: (start: LearnerStart) => Promise<void>;
  readonly add: (chunk: WindowChunk) => Promise<void>;
  /** Safetensors: trained value minus base, float32, for each tensor of the base. */
  readonly train: (blobs: {
    readonly base: Uint8Array;
    readonly step: Uint8Array;
  }) => Promise<Uint8Array>;
  readonly calibrate: (task: CalibrationTask, model: ModelBytes) => Promise<CalibrationResult>;
  readonly evaluate: (
    task: EvaluationTask,
    models: readonly ModelBytes[],
    slice: string,
  ) => Promise<EvaluationResult>;
};
