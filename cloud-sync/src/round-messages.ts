import type { Name, Sha256 } from "@edgeloop/core/platform";
import { messageOf } from "@edgeloop/core/platform";
import type { Histogram } from "@edgeloop/core/statistics";
import { parseHistogram } from "@edgeloop/core/statistics";
import { z } from "zod";
import type { ModelRef } from "./wire-schema.ts";
import { parseWire, wire } from "./wire-schema.ts";

/** What every message of a round says first: which fleet, which plan of which round, and which device. */
export type RoundHeader = {
  readonly format: 1;
  readonly fleet: Name;
  readonly round: Name;
  readonly attempt: number;
  /** SHA-256 of the plan's payload bytes. */
  readonly plan: Sha256;
  readonly device: Name;
};

/** Invites one device to one round; signed by the coordinator. */
export type Offer = RoundHeader;

/** A device's reply to an offer; signed by the device. */
export type Answer = RoundHeader & {
  readonly answer:
    | { readonly kind: "ready"; readonly examples: number }
    | { readonly kind: "waiting"; readonly code: string }
    | { readonly kind: "declined"; readonly code: string };
};

/** Vouches for an update's payload, which travels apart; signed by the device. */
export type UpdateHeader = RoundHeader & {
  /** SHA-256 of the base parameters that the update is the difference from. */
  readonly base: Sha256;
  readonly payload: { readonly sha256: Sha256; readonly bytes: number };
  readonly examples: number;
};

/** Asks for histograms of the float candidate's activations; signed by the coordinator. */
export type CalibrationTask = RoundHeader & {
  /** The float candidate with the observed activations as extra outputs. */
  readonly model: ModelRef;
  /** Input float32 `[N, time, channel]`. */
  readonly window: string;
  /** Output names, one histogram each. */
  readonly observed: readonly string[];
};

/** What a device found while it calibrated. */
export type CalibrationResult = {
  readonly windows: number;
  /** By output name; mergeable by addition. */
  readonly histograms: Readonly<Record<string, Histogram>>;
};

/** A calibration result on its way; signed by the device. */
export type CalibrationReport = RoundHeader & { readonly result: CalibrationResult };

/** Asks for confusion counts of models on the device's own windows; signed by the coordinator. */
export type EvaluationTask = RoundHeader & {
  /** `candidate` is the int8 candidate; `float` is it before quantization; `parent` is the bundle in the field. */
  readonly models: readonly { readonly name: EvaluatedModel; readonly model: ModelRef }[];
  /** Input float32 `[N, time, channel]`. */
  readonly window: string;
  /** Output float32 `[N, classes]`. */
  readonly scores: string;
};

/** Which models a round compares. */
export type EvaluatedModel = "candidate" | "float" | "parent";

/** Confusion counts of one model on one slice of the data. */
export type SliceConfusion = {
  readonly model: EvaluatedModel;
  readonly slice: Name;
  /** Row-major `[truth, predicted]` over the plan's classes. */
  readonly counts: readonly number[];
};

/** What a device found while it evaluated. */
export type EvaluationResult = {
  readonly windows: number;
  readonly confusions: readonly SliceConfusion[];
};

/** An evaluation result on its way; signed by the device. */
export type EvaluationReport = RoundHeader & { readonly result: EvaluationResult };

const header = {
  format: wire.format,
  fleet: wire.name,
  round: wire.name,
  attempt: wire.positive,
  plan: wire.sha256,
  device: wire.name,
} as const;
const modelName = z.enum(["candidate", "float", "parent"]);

/** The schema of one slice's counts; stored events use it too. */
export const sliceConfusionSchema: z.ZodType<SliceConfusion> = z.strictObject({
  model: modelName,
  slice: wire.name,
  counts: z.array(wire.count),
});

const histogram = z.unknown().transform((value, context): Histogram => {
  try {
    return parseHistogram(value);
  } catch (error) {
    context.addIssue({ code: "custom", message: messageOf(error) });
    return z.NEVER;
  }
});

const offerSchema = z.strictObject(header) satisfies z.ZodType<Offer>;
const answerSchema = z.strictObject({
  ...header,
  answer: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("ready"), examples: wire.positive }),
    z.strictObject({ kind: z.literal("waiting"), code: wire.code }),
    z.strictObject({ kind: z.literal("declined"), code: wire.code }),
  ]),
}) satisfies z.ZodType<Answer>;
const updateHeaderSchema = z.strictObject({
  ...header,
  base: wire.sha256,
  payload: z.strictObject({ sha256: wire.sha256, bytes: wire.positive }),
  examples: wire.positive,
}) satisfies z.ZodType<UpdateHeader>;
const calibrationTaskSchema = z.strictObject({
  ...header,
  model: wire.modelRef,
  window: wire.value,
  observed: z.array(wire.value).max(4096),
}) satisfies z.ZodType<CalibrationTask>;
const calibrationReportSchema = z.strictObject({
  ...header,
  result: z.strictObject({
    windows: wire.positive,
    histograms: z.record(wire.value, histogram),
  }),
}) satisfies z.ZodType<CalibrationReport>;
const evaluationTaskSchema = z.strictObject({
  ...header,
  models: z
    .array(z.strictObject({ name: modelName, model: wire.modelRef }))
    .min(1)
    .max(3),
  window: wire.value,
  scores: wire.value,
}) satisfies z.ZodType<EvaluationTask>;
const evaluationReportSchema = z.strictObject({
  ...header,
  result: z.strictObject({
    windows: wire.positive,
    confusions: z.array(sliceConfusionSchema).max(1024),
  }),
}) satisfies z.ZodType<EvaluationReport>;

/** Parses an offer. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseOffer = (value: unknown): Offer => parseWire("offer", offerSchema, value);
/** Parses an answer. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseAnswer = (value: unknown): Answer => parseWire("answer", answerSchema, value);
/** Parses an update's header. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseUpdateHeader = (value: unknown): UpdateHeader =>
  parseWire("update", updateHeaderSchema, value);
/** Parses a calibration task. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseCalibrationTask = (value: unknown): CalibrationTask =>
  parseWire("calibration-task", calibrationTaskSchema, value);
/** Parses a calibration report. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseCalibrationReport = (value: unknown): CalibrationReport =>
  parseWire("calibration", calibrationReportSchema, value);
/** Parses an evaluation task. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseEvaluationTask = (value: unknown): EvaluationTask =>
  parseWire("evaluation-task", evaluationTaskSchema, value);
/** Parses an evaluation report. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseEvaluationReport = (value: unknown): EvaluationReport =>
  parseWire("evaluation", evaluationReportSchema, value);
