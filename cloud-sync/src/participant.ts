import type { Name, Sha256 } from "@edgeloop/core/platform";
import type { Plan } from "./plan.ts";
import type {
  CalibrationResult,
  CalibrationTask,
  EvaluationResult,
  EvaluationTask,
} from "./round-messages.ts";
import type { Counters } from "./wire-schema.ts";

/** What a device says to an offer. */
export type Readiness =
  /** The window list is on disk; `examples` counts the windows that will be trained on. */
  | { readonly kind: "ready"; readonly examples: number }
  /** Data or labels are not complete yet; the device asks itself again. */
  | { readonly kind: "waiting"; readonly code: string }
  | { readonly kind: "declined"; readonly code: string };

/** What local training gives. */
export type TrainedUpdate = {
  /** Safetensors, float32: for each tensor of `plan.base`, the trained value minus the base. */
  readonly payload: Uint8Array;
  readonly examples: number;
};

/**
 * What a device does in a round; the agent implements it, the sync client drives it.
 *
 * Blobs that the plan or task names are in the blob store before a method is called. Every method may be called again
 * with the same arguments after a restart and gives the same answer.
 */
export type Participant = {
  /** Complete up to `plan.data.endUs`? Then writes the list of window ids durably. */
  prepare(plan: Plan): Promise<Readiness>;
  /** A pure function of (base, step graph, list, seed, backend). Runs in the learner process. */
  train(plan: Plan, signal: AbortSignal): Promise<TrainedUpdate>;
  /** Histograms of the observed activations over the sealed windows. */
  calibrate(plan: Plan, task: CalibrationTask, signal: AbortSignal): Promise<CalibrationResult>;
  /** Confusion counts by slice, of each model of the task, on the sealed windows. */
  evaluate(plan: Plan, task: EvaluationTask, signal: AbortSignal): Promise<EvaluationResult>;
};

/** A release as a rollout names it. */
export type ReleaseRef = {
  readonly line: Name;
  /** The bundle's TUF target path. */
  readonly target: string;
  readonly manifestSha256: Sha256;
};

/** How an installation ended. */
export type Installation =
  | { readonly kind: "active"; readonly health?: Counters }
  | { readonly kind: "refused"; readonly code: string; readonly message: string };

/**
 * What installs a release that a rollout names; the agent implements it. Idempotent.
 *
 * A refusal is reported, is final, and counts against the rollout. What says nothing about the release (nobody answered, the
 * disk is full) rejects instead, and is tried again.
 */
export type Installer = {
  install(release: ReleaseRef, signal: AbortSignal): Promise<Installation>;
};
