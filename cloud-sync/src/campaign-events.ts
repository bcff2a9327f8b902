import type { BlobRef, Name, Sha256 } from "@edgeloop/core/platform";
import { z } from "zod";
import type { RoundFigures } from "./federated-figures.ts";
import type { PlanData, PlanLimits, PlanStep, PlanTraining } from "./plan.ts";
import { planSchemas } from "./plan.ts";
import type { RoundBar, RoundRules } from "./round-events.ts";
import { rulesSchemas } from "./round-events.ts";
import type { ModelRef } from "./wire-schema.ts";
import { parseWire, wire } from "./wire-schema.ts";

/** What a campaign is to do; fixed when it is proposed. */
export type CampaignSpec = {
  readonly campaign: Name;
  readonly line: Name;
  /** Why: a policy's code, or `OPERATOR_REQUEST`. */
  readonly reason: string;
  readonly data: PlanData;
  readonly training: PlanTraining;
  /** Share of the learning rate that the last round has; half a cosine leads there. Absent: 1, a constant rate. */
  readonly learningRateFloor?: number;
  /** Share of the step before that each round adds to the mean of its updates. Absent: 0. */
  readonly serverMomentum?: number;
  readonly limits: PlanLimits;
  readonly rounds: number;
  /** Which of the rounds' candidates is released. */
  readonly release: "last" | "best";
  readonly approve: "automatic" | "operator";
  readonly rules: Omit<RoundRules, "classes" | "bar" | "seed">;
  readonly bar: RoundBar;
};

/** What the coordinator built from the base bundle; every round of the campaign uses it. */
export type Blueprint = {
  /** Identity of the released bundle that the campaign starts from. */
  readonly parent: Sha256;
  /** Parameters of that bundle: safetensors, float32. */
  readonly base: BlobRef;
  readonly classes: readonly string[];
  readonly step: PlanStep;
  /** Names of the activations that calibration observes. */
  readonly observed: readonly string[];
  /** The float graph; the tensors of `base` are inputs, constants are inside. */
  readonly float: BlobRef;
  /** The bundle in the field, as it serves. */
  readonly parentInt8: ModelRef;
  readonly window: string;
  readonly scores: string;
};

/** What came out of a campaign. */
export type CampaignRelease = {
  readonly version: number;
  readonly target: string;
  readonly manifestSha256: Sha256;
};

/** How a round ended, as its campaign sees it. */
export type RoundOutcome =
  | {
      readonly kind: "released";
      readonly candidate: {
        readonly parameters: BlobRef;
        readonly int8: ModelRef;
        readonly figures: RoundFigures;
      };
    }
  | { readonly kind: "rejected" | "abandoned"; readonly code: string };

/** What has happened in a campaign; wall-clock times. */
export type CampaignEvent = { readonly atUs: number } & (
  | { readonly kind: "proposed"; readonly spec: CampaignSpec }
  | { readonly kind: "approved" }
  | { readonly kind: "built"; readonly blueprint: Blueprint }
  | { readonly kind: "round-opened"; readonly number: number; readonly attempt: number }
  | {
      readonly kind: "round-ended";
      readonly number: number;
      readonly attempt: number;
      readonly outcome: RoundOutcome;
    }
  | { readonly kind: "published"; readonly release: CampaignRelease }
  | { readonly kind: "failed"; readonly code: string }
);

const atUs = wire.timeUs;
const fraction = z.number().min(0).max(1);
const specSchema = z.strictObject({
  campaign: wire.name,
  line: wire.name,
  reason: wire.code,
  data: planSchemas.data,
  training: planSchemas.training,
  learningRateFloor: z.number().gt(0).max(1).exactOptional(),
  serverMomentum: planSchemas.momentumFactor.exactOptional(),
  limits: planSchemas.limits,
  rounds: z.int().min(1).max(1000),
  release: z.enum(["last", "best"]),
  approve: z.enum(["automatic", "operator"]),
  rules: rulesSchemas.deadlines,
  bar: rulesSchemas.bar,
}) satisfies z.ZodType<CampaignSpec>;
const blueprintSchema = z.strictObject({
  parent: wire.sha256,
  base: wire.blobRef,
  classes: z.array(z.string()),
  step: planSchemas.step,
  observed: z.array(wire.value),
  float: wire.blobRef,
  parentInt8: wire.modelRef,
  window: wire.value,
  scores: wire.value,
}) satisfies z.ZodType<Blueprint>;
const figures = z.strictObject({
  accuracy: fraction,
  macroF1: fraction,
  windows: wire.count,
  slices: z.record(z.string(), z.number()),
  counts: z.array(wire.count),
});
const figuresSchema = z.strictObject({
  candidate: figures.exactOptional(),
  float: figures.exactOptional(),
  parent: figures.exactOptional(),
}) satisfies z.ZodType<RoundFigures>;
const eventSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("proposed"), atUs, spec: specSchema }),
  z.strictObject({ kind: z.literal("approved"), atUs }),
  z.strictObject({ kind: z.literal("built"), atUs, blueprint: blueprintSchema }),
  z.strictObject({
    kind: z.literal("round-opened"),
    atUs,
    number: wire.positive,
    attempt: wire.positive,
  }),
  z.strictObject({
    kind: z.literal("round-ended"),
    atUs,
    number: wire.positive,
    attempt: wire.positive,
    outcome: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("released"),
        candidate: z.strictObject({
          parameters: wire.blobRef,
          int8: wire.modelRef,
          figures: figuresSchema,
        }),
      }),
      z.strictObject({ kind: z.enum(["rejected", "abandoned"]), code: wire.code }),
    ]),
  }),
  z.strictObject({
    kind: z.literal("published"),
    atUs,
    release: z.strictObject({
      version: wire.positive,
      target: z.string(),
      manifestSha256: wire.sha256,
    }),
  }),
  z.strictObject({ kind: z.literal("failed"), atUs, code: wire.code }),
]) satisfies z.ZodType<CampaignEvent>;

/** Reads a stored event. @throws `MESSAGE_INVALID` */
export const parseCampaignEvent = (value: unknown): CampaignEvent =>
  parseWire("campaign-event", eventSchema, value);
