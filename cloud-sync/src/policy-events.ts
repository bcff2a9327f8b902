import { z } from "zod";
import { eventSchema } from "./fleet-messages.ts";
import type { PolicyEvent } from "./policy.ts";
import { parseWire, wire } from "./wire-schema.ts";

const schema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("device"), event: eventSchema }),
  z.strictObject({ kind: z.literal("campaign"), endUs: wire.timeUs }),
]) satisfies z.ZodType<PolicyEvent>;

/** Reads a stored event. @throws `MESSAGE_INVALID` */
export const parsePolicyEvent = (value: unknown): PolicyEvent =>
  parseWire("policy-event", schema, value);
