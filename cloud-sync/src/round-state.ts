import type { BlobRef, Name } from "@edgeloop/core/platform";
import { unreachable } from "@edgeloop/core/platform";
import type { RoundFigures } from "./federated-figures.ts";
import type { WorkKind } from "./fleet-messages.ts";
import type { Readiness } from "./participant.ts";
import type { RoundRules, UpdateRecord } from "./round-events.ts";
import type { SliceConfusion } from "./round-messages.ts";
import type { ModelRef } from "./wire-schema.ts";

type Base = { readonly rules: RoundRules };
type Updates = ReadonlyMap<Name, UpdateRecord>;
type Trained = Base & { readonly cohort: readonly Name[]; readonly updates: Updates };
type Candidate = Trained & { readonly parameters: BlobRef; readonly calibration: ModelRef };
type Calibrated = Candidate & { readonly reports: ReadonlyMap<Name, BlobRef> };

/** Where a round stands: a fold of `step` over its events. */
export type RoundState =
  | (Base & { readonly kind: "planned" })
  | (Base & {
      readonly kind: "selecting";
      readonly invited: readonly Name[];
      readonly answers: ReadonlyMap<Name, Readiness>;
      readonly deadlineUs: number;
    })
  /** The cohort is fixed; a device that is lost may come back until the deadline. */
  | (Trained & { readonly kind: "training"; readonly deadlineUs: number })
  | (Trained & { readonly kind: "aggregating" })
  | (Calibrated & {
      readonly kind: "calibrating";
      /** Devices are asked until all have replied or time is up; then the coordinator quantizes. */
      readonly stage: "collecting" | "quantizing";
      readonly deadlineUs: number;
    })
  | (Calibrated & {
      readonly kind: "evaluating";
      readonly int8: ModelRef;
      readonly confusions: ReadonlyMap<Name, readonly SliceConfusion[]>;
      readonly deadlineUs: number;
    })
  /** The candidate passed: the next round starts from it, or the registry publishes it. */
  | (Calibrated & {
      readonly kind: "released";
      readonly int8: ModelRef;
      readonly figures: RoundFigures;
    })
  | (Calibrated & {
      readonly kind: "rejected";
      readonly int8: ModelRef;
      readonly figures: RoundFigures;
      readonly code: string;
    })
  | (Base & { readonly kind: "abandoned"; readonly code: string });

/** What the shell has to do; asking again after a restart is safe. */
export type RoundEffect =
  | { readonly kind: "ring"; readonly work: WorkKind; readonly devices: readonly Name[] }
  | { readonly kind: "aggregate" }
  | { readonly kind: "quantize" }
  | { readonly kind: "conclude" };

/** Starts a round. */
export const plannedRound = (rules: RoundRules): RoundState => ({ kind: "planned", rules });

/** Lists what a state waits to have done: after a step into it, and after a restart in it. */
export function pendingEffects(state: RoundState): readonly RoundEffect[] {
  switch (state.kind) {
    case "planned":
      return [];
    case "selecting":
    case "training":
    case "evaluating":
      return ring(state);
    case "calibrating":
      return state.stage === "quantizing" ? [{ kind: "quantize" }] : ring(state);
    case "aggregating":
      return [{ kind: "aggregate" }];
    case "released":
    case "rejected":
    case "abandoned":
      return [{ kind: "conclude" }];
    default:
      return unreachable(state);
  }
}

/** Tells what a device has to do in a round now. */
export function workFor(state: RoundState, device: Name): WorkKind | undefined {
  switch (state.kind) {
    case "selecting": {
      const answer = state.answers.get(device);
      const isOpen = answer === undefined || answer.kind === "waiting";
      return state.invited.includes(device) && isOpen ? "offer" : undefined;
    }
    case "training":
      return state.cohort.includes(device) && !state.updates.has(device) ? "train" : undefined;
    case "calibrating": {
      const asked = state.stage === "collecting" && state.updates.has(device);
      return asked && !state.reports.has(device) ? "calibrate" : undefined;
    }
    case "evaluating":
      return state.updates.has(device) && !state.confusions.has(device) ? "evaluate" : undefined;
    case "planned":
    case "aggregating":
    case "released":
    case "rejected":
    case "abandoned":
      return undefined;
    default:
      return unreachable(state);
  }
}

/** Tells when a state's time is up, wall clock; `undefined` when nothing is waited for. */
export const deadlineOf = (state: RoundState): number | undefined =>
  "deadlineUs" in state ? state.deadlineUs : undefined;

/** Tells whether nothing more can happen. */
export const isOver = (state: RoundState): boolean =>
  state.kind === "released" || state.kind === "rejected" || state.kind === "abandoned";

function ring(state: RoundState): readonly RoundEffect[] {
  const asked = "updates" in state ? [...state.cohort] : [];
  const all = state.kind === "selecting" ? state.invited : asked;
  const devices = all.filter((device) => workFor(state, device) !== undefined);
  const [first] = devices;
  const work = first === undefined ? undefined : workFor(state, first);
  return work === undefined ? [] : [{ kind: "ring", work, devices }];
}
