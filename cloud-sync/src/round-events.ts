import type { BlobRef, Name } from "@edgeloop/core/platform";
import { z } from "zod";
import type { Readiness } from "./participant.ts";
import type { SliceConfusion } from "./round-messages.ts";
import { sliceConfusionSchema } from "./round-messages.ts";
import type { ModelRef } from "./wire-schema.ts";
import { parseWire, wire } from "./wire-schema.ts";

/** What a candidate must reach to pass; an absent bound is not asked for. */
export type RoundBar = {
  readonly macroF1Min?: number;
  /** How much worse than the bundle in the field it may be, in macro-F1. */
  readonly parentDropMax?: number;
  /** How much int8 may cost against float, in accuracy. */
  readonly floatDropMax?: number;
};

/** What a round is held to; fixed when it is planned. */
export type RoundRules = {
  readonly cohortMin: number;
  readonly cohortMax: number;
  /** Chooses among too many ready devices. */
  readonly seed: number;
  readonly selectingMs: number;
  readonly trainingMs: number;
  readonly calibratingMs: number;
  readonly evaluatingMs: number;
  readonly classes: number;
  readonly bar: RoundBar;
};

/** An update on disk: its payload and what its header vouches for. */
export type UpdateRecord = { readonly payload: BlobRef; readonly examples: number };

/** What has happened in a round; wall-clock times. */
export type RoundEvent =
  | { readonly kind: "opened"; readonly atUs: number; readonly invited: readonly Name[] }
  | {
      readonly kind: "answered";
      readonly atUs: number;
      readonly device: Name;
      readonly answer: Readiness;
    }
  | {
      readonly kind: "updated";
      readonly atUs: number;
      readonly device: Name;
      readonly update: UpdateRecord;
    }
  | {
      readonly kind: "aggregated";
      readonly atUs: number;
      readonly parameters: BlobRef;
      /** The candidate as devices run it for calibration. */
      readonly calibration: ModelRef;
    }
  | {
      readonly kind: "calibrated";
      readonly atUs: number;
      readonly device: Name;
      /** The device's signed report. */
      readonly report: BlobRef;
    }
  | { readonly kind: "quantized"; readonly atUs: number; readonly int8: ModelRef }
  | {
      readonly kind: "evaluated";
      readonly atUs: number;
      readonly device: Name;
      readonly windows: number;
      readonly confusions: readonly SliceConfusion[];
    }
  /** A deadline has passed. */
  | { readonly kind: "ticked"; readonly atUs: number }
  /** The coordinator cannot go on with this round. */
  | { readonly kind: "failed"; readonly atUs: number; readonly code: string };

const fraction = z.number().min(0).max(1);

const deadlines = {
  cohortMin: wire.positive,
  cohortMax: wire.positive,
  selectingMs: wire.positive,
  trainingMs: wire.positive,
  calibratingMs: wire.positive,
  evaluatingMs: wire.positive,
};

/** Schemas of a round's rules; stored campaigns use them too. */
export const rulesSchemas: {
  readonly bar: z.ZodType<RoundBar>;
  readonly deadlines: z.ZodType<Omit<RoundRules, "classes" | "bar" | "seed">>;
} = {
  bar: z.strictObject({
    macroF1Min: fraction.exactOptional(),
    parentDropMax: fraction.exactOptional(),
    floatDropMax: fraction.exactOptional(),
  }),
  deadlines: z.strictObject(deadlines),
};
const rulesSchema = z.strictObject({
  ...deadlines,
  seed: wire.count,
  classes: wire.positive,
  bar: rulesSchemas.bar,
}) satisfies z.ZodType<RoundRules>;

/** Reads stored rules. @throws `MESSAGE_INVALID` */
export const parseRoundRules = (value: unknown): RoundRules =>
  parseWire("round-rules", rulesSchema, value);

const atUs = wire.timeUs;
const readiness = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ready"), examples: wire.positive }),
  z.strictObject({ kind: z.literal("waiting"), code: wire.code }),
  z.strictObject({ kind: z.literal("declined"), code: wire.code }),
]) satisfies z.ZodType<Readiness>;
const eventSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("opened"), atUs, invited: z.array(wire.name) }),
  z.strictObject({ kind: z.literal("answered"), atUs, device: wire.name, answer: readiness }),
  z.strictObject({
    kind: z.literal("updated"),
    atUs,
    device: wire.name,
    update: z.strictObject({ payload: wire.blobRef, examples: wire.positive }),
  }),
  z.strictObject({
    kind: z.literal("aggregated"),
    atUs,
    parameters: wire.blobRef,
    calibration: wire.modelRef,
  }),
  z.strictObject({
    kind: z.literal("calibrated"),
    atUs,
    device: wire.name,
    report: wire.blobRef,
  }),
  z.strictObject({ kind: z.literal("quantized"), atUs, int8: wire.modelRef }),
  z.strictObject({
    kind: z.literal("evaluated"),
    atUs,
    device: wire.name,
    windows: wire.positive,
    confusions: z.array(sliceConfusionSchema),
  }),
  z.strictObject({ kind: z.literal("ticked"), atUs }),
  z.strictObject({ kind: z.literal("failed"), atUs, code: wire.code }),
]) satisfies z.ZodType<RoundEvent>;

/** Reads a stored event. @throws `MESSAGE_INVALID` */
export const parseRoundEvent = (value: unknown): RoundEvent =>
  parseWire("round-event", eventSchema, value);
