import type { Name } from "@edgeloop/core/platform";
import { z } from "zod";
import type { ReleaseRef } from "./participant.ts";
import type { Counters } from "./wire-schema.ts";
import { parseWire, wire } from "./wire-schema.ts";

/** Tells one device to install a release; signed by the coordinator. */
export type Rollout = {
  readonly format: 1;
  readonly fleet: Name;
  readonly rollout: Name;
  readonly device: Name;
  readonly release: ReleaseRef;
};

/** How the installation went; signed by the device. */
export type RolloutReport = {
  readonly format: 1;
  readonly fleet: Name;
  readonly rollout: Name;
  readonly device: Name;
  readonly outcome:
    | { readonly kind: "active"; readonly health: Counters }
    | { readonly kind: "refused"; readonly code: string };
};

/**
 * Something that a device noticed: a code and counters, never data; signed by the device.
 *
 * `DRIFT_DETECTED`, `OBJECTIVE_MISSED`, `LABELS_ADDED` (counter `labels`) and `DATA_ADVANCED` drive the policy; any
 * other code is recorded.
 */
export type DeviceEvent = {
  readonly format: 1;
  readonly fleet: Name;
  readonly device: Name;
  /** Grows by one an event; an event that arrives twice counts once. */
  readonly sequence: number;
  readonly code: string;
  /** The newest sensor time that the device has seen and stored: its high-water mark. */
  readonly sensorUs: number;
  readonly counters: Counters;
};

/** What a device publishes retained about its connection; the will says `offline`. */
export type DeviceState = { readonly format: 1; readonly state: "online" | "offline" };

/** What there is to do for a device. */
export type WorkKind = "offer" | "train" | "calibrate" | "evaluate" | "rollout";

/** Says that there is something to fetch, and nothing more: a broker that lies can delay, never instruct. */
export type Bell = { readonly kind: WorkKind; readonly id: Name };

/** All that waits for a device. */
export type WorkList = { readonly format: 1; readonly work: readonly Bell[] };

/** Says that a message was taken and is on disk. */
export type Acknowledgement = { readonly format: 1 };

const workKind = z.enum(["offer", "train", "calibrate", "evaluate", "rollout"]);
const bellSchema = z.strictObject({ kind: workKind, id: wire.name }) satisfies z.ZodType<Bell>;
const workListSchema = z.strictObject({
  format: wire.format,
  work: z.array(bellSchema).max(1024),
}) satisfies z.ZodType<WorkList>;
const acknowledgementSchema = z.strictObject({
  format: wire.format,
}) satisfies z.ZodType<Acknowledgement>;
const stateSchema = z.strictObject({
  format: wire.format,
  state: z.enum(["online", "offline"]),
}) satisfies z.ZodType<DeviceState>;
/** The schema of a release's name; stored rollouts use it too. */
export const releaseSchema: z.ZodType<ReleaseRef> = z.strictObject({
  line: wire.name,
  target: z.string().min(1).max(512),
  manifestSha256: wire.sha256,
});
const rolloutSchema = z.strictObject({
  format: wire.format,
  fleet: wire.name,
  rollout: wire.name,
  device: wire.name,
  release: releaseSchema,
}) satisfies z.ZodType<Rollout>;
const rolloutReportSchema = z.strictObject({
  format: wire.format,
  fleet: wire.name,
  rollout: wire.name,
  device: wire.name,
  outcome: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("active"), health: wire.counters }),
    z.strictObject({ kind: z.literal("refused"), code: wire.code }),
  ]),
}) satisfies z.ZodType<RolloutReport>;
/** The schema of a device's event; the policy's journal uses it too. */
export const eventSchema: z.ZodType<DeviceEvent> = z.strictObject({
  format: wire.format,
  fleet: wire.name,
  device: wire.name,
  sequence: wire.count,
  code: wire.code,
  sensorUs: wire.timeUs,
  counters: wire.counters,
});

/** Parses a bell. @throws `MESSAGE_INVALID` */
export const parseBell = (value: unknown): Bell => parseWire("bell", bellSchema, value);
/** Parses a work list. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseWorkList = (value: unknown): WorkList => parseWire("work", workListSchema, value);
/** Parses an acknowledgement. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseAcknowledgement = (value: unknown): Acknowledgement =>
  parseWire("acknowledgement", acknowledgementSchema, value);
/** Parses a device's state. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseDeviceState = (value: unknown): DeviceState =>
  parseWire("state", stateSchema, value);
/** Parses a rollout. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseRollout = (value: unknown): Rollout => parseWire("rollout", rolloutSchema, value);
/** Parses a rollout report. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseRolloutReport = (value: unknown): RolloutReport =>
  parseWire("rollout-report", rolloutReportSchema, value);
/** Parses a device's event. @throws `MESSAGE_INVALID`, `FORMAT_UNSUPPORTED` */
export const parseDeviceEvent = (value: unknown): DeviceEvent =>
  parseWire("event", eventSchema, value);
