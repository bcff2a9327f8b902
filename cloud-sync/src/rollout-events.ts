import type { Name } from "@edgeloop/core/platform";
import { z } from "zod";
import { releaseSchema } from "./fleet-messages.ts";
import type { ReleaseRef } from "./participant.ts";
import { parseWire, wire } from "./wire-schema.ts";

/** How a release spreads; fixed when the rollout starts. */
export type RolloutRules = {
  readonly canaries: number;
  /** Shares of the fleet that are told by the end of each stage after the canary; the last is 1. */
  readonly stages: readonly number[];
  /** Refusals that are borne before the rollout stops. */
  readonly failuresMax: number;
  /** How long a stage waits for silent devices. */
  readonly stageMs: number;
  /** Draws the canary and the order. */
  readonly seed: number;
};

/** What has happened in a rollout; wall-clock times. */
export type RolloutEvent = { readonly atUs: number } & (
  | {
      readonly kind: "started";
      readonly release: ReleaseRef;
      readonly rules: RolloutRules;
      readonly devices: readonly Name[];
    }
  | { readonly kind: "joined" | "left"; readonly device: Name }
  | {
      readonly kind: "reported";
      readonly device: Name;
      readonly outcome:
        | { readonly kind: "active" }
        | { readonly kind: "refused"; readonly code: string };
    }
  | { readonly kind: "ticked" }
);

const atUs = wire.timeUs;
const rulesSchema = z.strictObject({
  canaries: wire.positive,
  stages: z.array(z.number().positive().max(1)).min(1).max(16),
  failuresMax: wire.count,
  stageMs: wire.positive,
  seed: wire.count,
}) satisfies z.ZodType<RolloutRules>;
const eventSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("started"),
    atUs,
    release: releaseSchema,
    rules: rulesSchema,
    devices: z.array(wire.name),
  }),
  z.strictObject({ kind: z.literal(["joined", "left"]), atUs, device: wire.name }),
  z.strictObject({
    kind: z.literal("reported"),
    atUs,
    device: wire.name,
    outcome: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("active") }),
      z.strictObject({ kind: z.literal("refused"), code: wire.code }),
    ]),
  }),
  z.strictObject({ kind: z.literal("ticked"), atUs }),
]) satisfies z.ZodType<RolloutEvent>;

/** Reads a stored event. @throws `MESSAGE_INVALID` */
export const parseRolloutEvent = (value: unknown): RolloutEvent =>
  parseWire("rollout-event", eventSchema, value);
