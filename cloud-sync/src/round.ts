import type { Name } from "@edgeloop/core/platform";
import { deriveSeed, unreachable } from "@edgeloop/core/platform";
import type { RoundFigures } from "./federated-figures.ts";
import { mergeConfusions } from "./federated-figures.ts";
import type { Readiness } from "./participant.ts";
import type { RoundBar, RoundEvent } from "./round-events.ts";
import type { RoundEffect, RoundState } from "./round-state.ts";
import { deadlineOf, isOver, pendingEffects } from "./round-state.ts";

/** A step's outcome: an event that does not fit is refused by code and changes nothing. */
export type RoundStep = {
  readonly state: RoundState;
  readonly effects: readonly RoundEffect[];
  readonly refusal?: string;
};

/**
 * Decides what an event makes of a round. Pure.
 *
 * An event that repeats what is known already changes nothing and is no refusal: messages may arrive twice.
 */
export function step(state: RoundState, event: RoundEvent): RoundStep {
  const next = reduce(state, event);
  if (typeof next === "string") return { state, effects: [], refusal: next };
  const moved = next !== state && phaseOf(next) !== phaseOf(state);
  return { state: next, effects: moved ? pendingEffects(next) : [] };
}

type Refusal = string;

function reduce(state: RoundState, event: RoundEvent): RoundState | Refusal {
  if (isOver(state)) return repeatOf(state, event) ?? "ROUND_OVER";
  switch (event.kind) {
    case "opened":
      return state.kind === "planned" ? open(state, event.invited, event.atUs) : state;
    case "answered":
      return answered(state, event);
    case "updated":
      return updated(state, event);
    case "aggregated":
      return state.kind === "aggregating" ? calibrate(state, event) : "ROUND_PHASE_WRONG";
    case "calibrated":
      return calibrated(state, event);
    case "quantized":
      return quantized(state, event);
    case "evaluated":
      return evaluated(state, event);
    case "ticked":
      return ticked(state, event.atUs);
    case "failed":
      return { kind: "abandoned", rules: state.rules, code: event.code };
    default:
      return unreachable(event);
  }
}

function open(state: RoundState, invited: readonly Name[], atUs: number): RoundState {
  return {
    kind: "selecting",
    rules: state.rules,
    invited: [...new Set(invited)].toSorted(),
    answers: new Map(),
    deadlineUs: atUs + state.rules.selectingMs * 1000,
  };
}

function answered(
  state: RoundState,
  { device, answer, atUs }: Extract<RoundEvent, { kind: "answered" }>,
): RoundState | Refusal {
  if (state.kind !== "selecting") {
    const known = "cohort" in state && state.cohort.includes(device) && answer.kind === "ready";
    return known ? state : "ROUND_CLOSED";
  }
  if (!state.invited.includes(device)) return "DEVICE_NOT_INVITED";
  const before = state.answers.get(device);
  if (before !== undefined && before.kind !== "waiting") {
    return sameAnswer(before, answer) ? state : "ANSWER_CONFLICT";
  }
  if (before !== undefined && sameAnswer(before, answer)) return state;
  const answers = new Map(state.answers).set(device, answer);
  const settled = state.invited.every((invitee) => {
    const given = answers.get(invitee);
    return given !== undefined && given.kind !== "waiting";
  });
  return settled ? fixCohort({ ...state, answers }, atUs) : { ...state, answers };
}

function sameAnswer(a: Readiness, b: Readiness): boolean {
  if (a.kind === "ready") return b.kind === "ready" && a.examples === b.examples;
  return b.kind === a.kind && a.code === b.code;
}

/** Fixes the cohort: the ready devices, by a draw from the seed when there are too many. */
function fixCohort(state: Extract<RoundState, { kind: "selecting" }>, atUs: number): RoundState {
  const { rules, answers } = state;
  const ready = [...answers].flatMap(([device, answer]) =>
    answer.kind === "ready" ? [device] : [],
  );
  if (ready.length < rules.cohortMin) return abandon(state, "COHORT_TOO_SMALL");
  const draw = (device: Name): number => deriveSeed(rules.seed, device);
  const cohort = ready
    .toSorted((a, b) => draw(a) - draw(b) || (a < b ? -1 : 1))
    .slice(0, rules.cohortMax)
    .toSorted();
  return {
    kind: "training",
    rules,
    cohort,
    updates: new Map(),
    deadlineUs: atUs + rules.trainingMs * 1000,
  };
}

function updated(
  state: RoundState,
  { device, update }: Extract<RoundEvent, { kind: "updated" }>,
): RoundState | Refusal {
  if (!("updates" in state)) return "ROUND_PHASE_WRONG";
  if (!state.cohort.includes(device)) return "DEVICE_NOT_IN_COHORT";
  const before = state.updates.get(device);
  if (before !== undefined) {
    return before.payload.sha256 === update.payload.sha256 ? state : "UPDATE_CONFLICT";
  }
  if (state.kind !== "training") return "ROUND_CLOSED";
  const updates = new Map(state.updates).set(device, update);
  const complete = updates.size === state.cohort.length;
  return complete
    ? { kind: "aggregating", rules: state.rules, cohort: state.cohort, updates }
    : { ...state, updates };
}

function calibrate(
  state: Extract<RoundState, { kind: "aggregating" }>,
  { parameters, calibration, atUs }: Extract<RoundEvent, { kind: "aggregated" }>,
): RoundState {
  return {
    ...state,
    kind: "calibrating",
    stage: "collecting",
    parameters,
    calibration,
    reports: new Map(),
    deadlineUs: atUs + state.rules.calibratingMs * 1000,
  };
}

function calibrated(
  state: RoundState,
  { device, report }: Extract<RoundEvent, { kind: "calibrated" }>,
): RoundState | Refusal {
  if (!("reports" in state)) return "ROUND_PHASE_WRONG";
  if (!state.updates.has(device)) return "DEVICE_NOT_IN_COHORT";
  if (state.reports.has(device)) return state;
  if (state.kind !== "calibrating" || state.stage !== "collecting") return "ROUND_CLOSED";
  const reports = new Map(state.reports).set(device, report);
  const stage = reports.size === state.updates.size ? "quantizing" : "collecting";
  return { ...state, reports, stage };
}

function quantized(
  state: RoundState,
  { int8, atUs }: Extract<RoundEvent, { kind: "quantized" }>,
): RoundState | Refusal {
  if (state.kind !== "calibrating" || state.stage !== "quantizing") return "ROUND_PHASE_WRONG";
  const { stage: _, ...rest } = state;
  return {
    ...rest,
    kind: "evaluating",
    int8,
    confusions: new Map(),
    deadlineUs: atUs + state.rules.evaluatingMs * 1000,
  };
}

function evaluated(
  state: RoundState,
  { device, confusions: found }: Extract<RoundEvent, { kind: "evaluated" }>,
): RoundState | Refusal {
  if (state.kind !== "evaluating") return "ROUND_PHASE_WRONG";
  if (!state.updates.has(device)) return "DEVICE_NOT_IN_COHORT";
  if (state.confusions.has(device)) return state;
  const confusions = new Map(state.confusions).set(device, found);
  const complete = confusions.size === state.updates.size;
  return complete ? judge({ ...state, confusions }) : { ...state, confusions };
}

/** Moves on with who is there, or gives up. */
function ticked(state: RoundState, atUs: number): RoundState {
  const deadlineUs = deadlineOf(state);
  if (deadlineUs === undefined || atUs < deadlineUs) return state;
  const { cohortMin } = state.rules;
  switch (state.kind) {
    case "selecting":
      return fixCohort(state, atUs);
    case "training": {
      if (state.updates.size < cohortMin) return abandon(state, "UPDATES_TOO_FEW");
      const { deadlineUs: _, ...rest } = state;
      return { ...rest, kind: "aggregating" };
    }
    case "calibrating":
      if (state.stage === "quantizing") return state;
      if (state.reports.size < cohortMin) return abandon(state, "CALIBRATIONS_TOO_FEW");
      return { ...state, stage: "quantizing" };
    case "evaluating":
      if (state.confusions.size < cohortMin) return abandon(state, "EVALUATIONS_TOO_FEW");
      return judge(state);
    default:
      return state;
  }
}

function judge(state: Extract<RoundState, { kind: "evaluating" }>): RoundState {
  const { confusions, deadlineUs: _, ...rest } = state;
  const all = [...confusions.keys()].toSorted().flatMap((device) => confusions.get(device) ?? []);
  const figures = mergeConfusions(all, state.rules.classes);
  const code = failsBar(figures, state.rules.bar);
  return code === undefined
    ? { ...rest, kind: "released", figures }
    : { ...rest, kind: "rejected", figures, code };
}

/** Names the bound that a candidate misses. */
export function failsBar(figures: RoundFigures, bar: RoundBar): string | undefined {
  const { candidate, float, parent } = figures;
  if (candidate === undefined) return "CANDIDATE_UNMEASURED";
  if (candidate.macroF1 < (bar.macroF1Min ?? 0)) return "CANDIDATE_BELOW_BAR";
  const parentFloor = (parent?.macroF1 ?? 0) - (bar.parentDropMax ?? 1);
  if (candidate.macroF1 < parentFloor) return "CANDIDATE_WORSE_THAN_PARENT";
  const floatFloor = (float?.accuracy ?? 0) - (bar.floatDropMax ?? 1);
  if (candidate.accuracy < floatFloor) return "CANDIDATE_WORSE_THAN_FLOAT";
  return undefined;
}

/** An event that says again what led here is no refusal. */
function repeatOf(state: RoundState, event: RoundEvent): RoundState | undefined {
  if (event.kind === "ticked" || event.kind === "failed") return state;
  if (!("reports" in state)) return undefined;
  switch (event.kind) {
    case "answered":
      return state.cohort.includes(event.device) && event.answer.kind === "ready"
        ? state
        : undefined;
    case "updated":
      return state.updates.get(event.device)?.payload.sha256 === event.update.payload.sha256
        ? state
        : undefined;
    case "calibrated":
      return state.reports.has(event.device) ? state : undefined;
    case "evaluated":
      return state.updates.has(event.device) ? state : undefined;
    default:
      return undefined;
  }
}

const abandon = (state: RoundState, code: string): RoundState => ({
  kind: "abandoned",
  rules: state.rules,
  code,
});

const phaseOf = (state: RoundState): string =>
  state.kind === "calibrating" ? `calibrating:${state.stage}` : state.kind;
