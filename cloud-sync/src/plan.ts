import type { BlobRef, Name, Sha256 } from "@edgeloop/core/platform";
import type { Augment } from "@edgeloop/core/training";
import { z } from "zod";
import { parseWire, wire } from "./wire-schema.ts";

/** One tensor that the step graph carries from step to step. */
export type PlanCarry = {
  /** The step graph's output that holds the next value. */
  readonly output: string;
  /** The step graph's input that takes it. */
  readonly input: string;
  readonly dtype: "float32" | "int64";
  readonly shape: readonly number[];
};

/** The training step as a graph, and the names of its ends. */
export type PlanStep = {
  /** The step graph's ONNX bytes. */
  readonly graph: BlobRef;
  /** Carried tensors; those that `Plan.base` does not hold (optimizer state) start at zero. */
  readonly carry: readonly PlanCarry[];
  /** Input float32 `[N, time, channel]`: a batch of windows. */
  readonly window: string;
  /** Input int64 `[N]`: class indices into `Plan.classes`. */
  readonly target: string;
  /** Input float32 `[N]`: 0 masks the padding of a last batch; absent when the graph has no such input. */
  readonly weight?: string;
  /** Input float32, rank 0. */
  readonly learningRate: string;
  /** Output float32, rank 0. */
  readonly loss: string;
};

/** How the step graph is driven. */
export type PlanTraining = {
  readonly seed: number;
  /** The order of examples: reshuffled each epoch from the seed. */
  readonly order: "shuffled";
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly backend: "native" | "wasm";
  readonly threads: number;
  /** Changes training windows afresh each time, drawn from the seed; absent: they are taken as they are. */
  readonly augment?: Augment;
};

/** Momentum at the coordinator: a share of the step before is added to the mean of the updates. */
export type PlanMomentum = {
  readonly factor: number;
  /** Base of the round before this one. */
  readonly previous: BlobRef;
};

/** Which windows a device works on, in sensor time. */
export type PlanData = {
  readonly startUs: number;
  /** Exclusive; a window belongs to the range when it lies in it wholly. */
  readonly endUs: number;
  /** One block of time in so many is held out of training, for evaluation; 0 for none. */
  readonly holdoutEvery: number;
  readonly holdoutBlockUs: number;
};

/** Bounds that make the sum exact and an update checkable. */
export type PlanLimits = {
  /** S: the largest absolute value of a coordinate of an update. */
  readonly valueMax: number;
  /** W: the largest weight of an update, which is its number of examples. */
  readonly weightMax: number;
  /** N: the largest cohort. */
  readonly cohortMax: number;
  readonly examplesMax: number;
  readonly payloadBytesMax: number;
};

/**
 * Fixes everything that a local step depends on, so that training is a pure function of plan and window list.
 *
 * Signed by the coordinator; its identity is the SHA-256 of its payload bytes (`planHash`).
 */
export type Plan = {
  readonly format: 1;
  readonly fleet: Name;
  readonly campaign: Name;
  readonly round: Name;
  /** Counts how often the round was begun anew. */
  readonly attempt: number;
  readonly line: Name;
  /** SHA-256 of the manifest of the released bundle that the campaign started from. */
  readonly parent: Sha256;
  /** The parameters that training starts from and updates are differences from: a safetensors blob, all float32. */
  readonly base: BlobRef;
  /** Absent in the first round of a campaign, and where there is none. */
  readonly momentum?: PlanMomentum;
  readonly classes: readonly string[];
  readonly step: PlanStep;
  readonly training: PlanTraining;
  readonly data: PlanData;
  readonly limits: PlanLimits;
};

const shape = z.array(z.int().nonnegative()).max(16);
const deviation = z.number().min(0).max(1e3);
const augment = z.strictObject({
  rotateDegrees: deviation,
  scale: deviation,
  jitter: deviation,
  flip: z.boolean(),
}) satisfies z.ZodType<Augment>;
const momentumFactor = z.number().min(0).lt(1);

/** Schemas of a plan's parts; stored campaigns and `coordinator.yaml` use them too. */
export const planSchemas: {
  readonly augment: z.ZodType<Augment>;
  /** A share from 0 to below 1. */
  readonly momentumFactor: z.ZodType<number>;
  readonly step: z.ZodType<PlanStep>;
  readonly training: z.ZodType<PlanTraining>;
  readonly data: z.ZodType<PlanData>;
  readonly limits: z.ZodType<PlanLimits>;
} = {
  augment,
  momentumFactor,
  step: z.strictObject({
    graph: wire.blobRef,
    carry: z
      .array(
        z.strictObject({
          output: wire.value,
          input: wire.value,
          dtype: z.enum(["float32", "int64"]),
          shape,
        }),
      )
      .max(16_384),
    window: wire.value,
    target: wire.value,
    weight: wire.value.exactOptional(),
    learningRate: wire.value,
    loss: wire.value,
  }),
  training: z.strictObject({
    seed: wire.count,
    order: z.literal("shuffled"),
    epochs: wire.positive,
    batchSize: wire.positive,
    learningRate: wire.magnitude,
    backend: z.enum(["native", "wasm"]),
    threads: wire.positive,
    augment: augment.exactOptional(),
  }),
  data: z
    .strictObject({
      startUs: wire.timeUs,
      endUs: wire.timeUs,
      holdoutEvery: wire.count,
      holdoutBlockUs: wire.positive,
    })
    .refine((data) => data.startUs < data.endUs, { error: "expected startUs before endUs" }),
  limits: z.strictObject({
    valueMax: wire.magnitude,
    weightMax: wire.magnitude,
    cohortMax: wire.positive,
    examplesMax: wire.positive,
    payloadBytesMax: wire.positive,
  }),
};

const planSchema = z.strictObject({
  format: wire.format,
  fleet: wire.name,
  campaign: wire.name,
  round: wire.name,
  attempt: wire.positive,
  line: wire.name,
  parent: wire.sha256,
  base: wire.blobRef,
  momentum: z.strictObject({ factor: momentumFactor, previous: wire.blobRef }).exactOptional(),
  classes: z.array(z.string().min(1).max(256)).min(1).max(4096),
  step: planSchemas.step,
  training: planSchemas.training,
  data: planSchemas.data,
  limits: planSchemas.limits,
}) satisfies z.ZodType<Plan>;

/**
 * Parses a plan's JSON value.
 *
 * @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED`
 */
export const parsePlan = (value: unknown): Plan => parseWire("plan", planSchema, value);

/**
 * Tells whether a window is kept out of training, for evaluation.
 *
 * Blocks of time rather than single windows, because neighbouring windows overlap.
 *
 * @example
 * isHeldOut({ startUs: 0, endUs: 90, holdoutEvery: 3, holdoutBlockUs: 10 }, 25); // => true
 */
export function isHeldOut(data: PlanData, startUs: number): boolean {
  if (data.holdoutEvery === 0) return false;
  const block = Math.floor((startUs - data.startUs) / data.holdoutBlockUs);
  return block % data.holdoutEvery === data.holdoutEvery - 1;
}

/** Lists the blobs that a device needs before it can follow a plan. */
export const planBlobs = (plan: Plan): readonly BlobRef[] => [plan.base, plan.step.graph];
