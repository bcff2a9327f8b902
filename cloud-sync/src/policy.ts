import type { Name } from "@edgeloop/core/platform";
import type { DeviceEvent } from "./fleet-messages.ts";

/** When to retrain by itself; `loop:` of `edgeloop.yaml`. Times are sensor time. */
export type LoopPolicy = {
  readonly retrain: {
    /** So many devices reported drift. */
    readonly drift?: { readonly devicesMin: number };
    /** So many devices missed the objective on labelled windows. */
    readonly objective?: { readonly devicesMin: number };
    /** So many new labels arrived over the fleet. */
    readonly labels?: { readonly countMin: number };
  };
  /** No new campaign until so long after the range of the one before. */
  readonly coolDownS: number;
  /** The data range: how much before the first report, and how much after the one that tipped the scale. */
  readonly range: { readonly beforeS: number; readonly afterS: number };
  /** A campaign starts once so many devices have data up to the end of the range. */
  readonly cohortMin: number;
};

/** What the policy knows of one device. */
export type DeviceTrack = {
  /** Of the newest event; older ones have been counted. */
  readonly sequence: number;
  /** High-water mark in sensor time. */
  readonly sensorUs: number;
  /** When drift was reported first since the last campaign. */
  readonly driftUs?: number;
  readonly objectiveUs?: number;
  /** Labels since the last campaign. */
  readonly labels: number;
};

/** A campaign in waiting: its data range is fixed, the data may not be complete yet. */
export type Trigger = { readonly reason: string; readonly startUs: number; readonly endUs: number };

/** What the policy remembers: a fold over device events and campaigns. */
export type PolicyState = {
  readonly devices: ReadonlyMap<Name, DeviceTrack>;
  readonly trigger?: Trigger;
  /** End of the last campaign's range. */
  readonly lastEndUs?: number;
};

/** What the policy learns. */
export type PolicyEvent =
  | { readonly kind: "device"; readonly event: DeviceEvent }
  /** A campaign was proposed, by the policy or by an operator. */
  | { readonly kind: "campaign"; readonly endUs: number };

/** What to do now. */
export type PolicyDecision =
  | { readonly kind: "idle" }
  /** Waits for devices' data to reach the end of the range. */
  | { readonly kind: "collecting"; readonly trigger: Trigger }
  | { readonly kind: "start"; readonly trigger: Trigger };

const dayUs = 86_400e6;

/** So far may one device's report be ahead of the fleet: what comes from a clock gone wrong fixes no range. */
const aheadUsMax = dayUs;

/** So long does a trigger wait after most of a cohort has passed its end: the rest is not coming. */
const overdueUsMax = 7 * dayUs;

/** Knows nothing yet. */
export const policyStart: PolicyState = { devices: new Map() };

/** Learns from an event. Pure. */
export function policyStep(
  policy: LoopPolicy,
  state: PolicyState,
  change: PolicyEvent,
): PolicyState {
  if (change.kind === "campaign") return afterCampaign(state, change.endUs);
  const { device, sequence } = change.event;
  const before = state.devices.get(device);
  if (before !== undefined && sequence <= before.sequence) return state;
  const devices = new Map(state.devices).set(device, track(before, change.event));
  const next = renew(policy, { ...state, devices });
  if (next.trigger !== undefined || isCooling(policy, next)) return next;
  const trigger = triggerOf(policy, next);
  return trigger === undefined ? next : { ...next, trigger };
}

/** Decides what the state asks for. Pure. */
export function decide(policy: LoopPolicy, { devices, trigger }: PolicyState): PolicyDecision {
  if (trigger === undefined) return { kind: "idle" };
  const complete = [...devices.values()].filter(({ sensorUs }) => sensorUs >= trigger.endUs);
  return complete.length >= policy.cohortMin
    ? { kind: "start", trigger }
    : { kind: "collecting", trigger };
}

function track(before: DeviceTrack | undefined, event: DeviceEvent): DeviceTrack {
  const { sensorUs, sequence } = event;
  const known = before ?? { sensorUs, sequence, labels: 0 };
  const next = { ...known, sequence, sensorUs: Math.max(known.sensorUs, sensorUs) };
  switch (event.code) {
    case "DRIFT_DETECTED":
      return { ...next, driftUs: next.driftUs ?? sensorUs };
    case "DRIFT_CLEARED": {
      const { driftUs: _, ...rest } = next;
      return rest;
    }
    case "OBJECTIVE_MISSED":
      return { ...next, objectiveUs: next.objectiveUs ?? sensorUs };
    case "LABELS_ADDED":
      return { ...next, labels: next.labels + labelsOf(event) };
    default:
      return next;
  }
}

const labelsOf = (event: DeviceEvent): number =>
  Math.max(0, new Map(Object.entries(event.counters)).get("labels") ?? 0);

/** The sensor time that most of a cohort has reached: one device alone, ahead or behind, does not move it. */
function fleetUs(
  { cohortMin }: LoopPolicy,
  devices: ReadonlyMap<Name, DeviceTrack>,
): number | undefined {
  const marksUs = [...devices.values()].map(({ sensorUs }) => sensorUs).toSorted((a, b) => b - a);
  return marksUs[Math.floor(cohortMin / 2)];
}

function isCooling(policy: LoopPolicy, { devices, lastEndUs }: PolicyState): boolean {
  const nowUs = fleetUs(policy, devices) ?? Number.NEGATIVE_INFINITY;
  return lastEndUs !== undefined && nowUs < lastEndUs + policy.coolDownS * 1e6;
}

/**
 * Gives up a trigger that is overdue. Devices report a change once, so that those which are still there count as reporting
 * now; those which never reached its end are gone, and their reports with them.
 */
function renew(policy: LoopPolicy, state: PolicyState): PolicyState {
  const { trigger, ...rest } = state;
  const nowUs = fleetUs(policy, state.devices);
  if (trigger === undefined || nowUs === undefined || nowUs < trigger.endUs + overdueUsMax) {
    return state;
  }
  // It waits for another campaign to end, not for data.
  if (decide(policy, state).kind === "start") return state;
  const devices = new Map(
    [...state.devices].map(([device, known]) => [device, reportedNow(known, trigger.endUs)]),
  );
  return { ...rest, devices };
}

function reportedNow(known: DeviceTrack, endUs: number): DeviceTrack {
  const { driftUs, objectiveUs, ...rest } = known;
  const { sensorUs } = known;
  if (sensorUs < endUs) return rest;
  return {
    ...rest,
    ...(driftUs === undefined ? {} : { driftUs: sensorUs }),
    ...(objectiveUs === undefined ? {} : { objectiveUs: sensorUs }),
  };
}

function triggerOf(policy: LoopPolicy, { devices }: PolicyState): Trigger | undefined {
  const { drift, objective, labels } = policy.retrain;
  const nowUs = fleetUs(policy, devices);
  if (nowUs === undefined) return undefined;
  const tracks = [...devices.values()];
  const timesOf = (key: "driftUs" | "objectiveUs"): number[] =>
    tracks
      .flatMap((device) => device[key] ?? [])
      .filter((atUs) => atUs <= nowUs + aheadUsMax)
      .toSorted((a, b) => a - b);
  const around = (reason: string, timesUs: readonly number[]): Trigger => ({
    reason,
    startUs: Math.round((timesUs[0] ?? 0) - policy.range.beforeS * 1e6),
    endUs: Math.round((timesUs.at(-1) ?? 0) + policy.range.afterS * 1e6),
  });
  const driftsUs = timesOf("driftUs");
  if (drift && driftsUs.length >= drift.devicesMin) return around("DRIFT_DETECTED", driftsUs);
  const missesUs = timesOf("objectiveUs");
  if (objective && missesUs.length >= objective.devicesMin) {
    return around("OBJECTIVE_MISSED", missesUs);
  }
  const labelled = tracks.filter(
    (device) =>
      device.labels > 0 &&
      device.sensorUs <= nowUs + aheadUsMax &&
      device.sensorUs >= nowUs - overdueUsMax,
  );
  const count = labelled.reduce((sum, device) => sum + device.labels, 0);
  if (!labels || count < labels.countMin) return undefined;
  const endUs = Math.min(...labelled.map(({ sensorUs }) => sensorUs));
  const { beforeS, afterS } = policy.range;
  return { reason: "LABELS_ADDED", startUs: Math.round(endUs - (beforeS + afterS) * 1e6), endUs };
}

/** Reports from before a campaign do not start the next one. */
function afterCampaign(state: PolicyState, endUs: number): PolicyState {
  const devices = new Map(
    [...state.devices].map(([device, { sensorUs, sequence }]) => [
      device,
      { sensorUs, sequence, labels: 0 },
    ]),
  );
  return { devices, lastEndUs: Math.max(endUs, state.lastEndUs ?? endUs) };
}
