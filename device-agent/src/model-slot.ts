import type { Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, isSha256, unreachable } from "@edgeloop/core/platform";
import { confirmWindowsMin, failedHashesMax, startsMax } from "./limits.ts";

/** The model in the serving slot: on trial until it has served enough windows well. */
export type ServingSlot =
  | { readonly kind: "confirmed"; readonly manifest: Sha256 }
  | {
      readonly kind: "trial";
      readonly manifest: Sha256;
      /** Times that the daemon has started with it. */
      readonly starts: number;
      /** Windows served well since the last start. */
      readonly served: number;
    };

/** A model that failed here, and why: it is refused at sight. */
export type FailedModel = { readonly manifest: Sha256; readonly code: string };

/** Two slots: what serves, and what to go back to while the former is on trial. Kept on disk. */
export type SlotState = {
  readonly format: 1;
  readonly serving?: ServingSlot;
  readonly previous?: Sha256;
  readonly failed: readonly FailedModel[];
};

/** What happens to slots. */
export type SlotEvent =
  /** The health gate was passed: serve this model from now on. */
  | { readonly kind: "activate"; readonly manifest: Sha256 }
  /** The health gate, or the trial, was not passed. */
  | { readonly kind: "fail"; readonly manifest: Sha256; readonly code: string }
  /** The daemon starts and is about to load the serving model. */
  | { readonly kind: "start" }
  /** A window was served well. */
  | { readonly kind: "served" };

/** What the daemon does about it: `write` means durably, before anything else. */
export type SlotStep = {
  readonly state: SlotState;
  readonly write: boolean;
  readonly outcome: "none" | "activated" | "confirmed" | "rolled-back";
};

/** Nothing was ever installed. */
export const emptySlots: SlotState = { format: 1, failed: [] };

/**
 * Moves models between slots; a pure function, so that a power cut at any write leaves the old or the new state.
 *
 * @throws `MODEL_FAILED_BEFORE` when a model is to be activated that failed here.
 */
export function stepSlots(state: SlotState, event: SlotEvent): SlotStep {
  switch (event.kind) {
    case "activate":
      return activate(state, event.manifest);
    case "fail":
      return fail(state, event.manifest, event.code);
    case "start":
      return start(state);
    case "served":
      return served(state);
    default:
      return unreachable(event);
  }
}

/** Tells whether a model failed here before, and with which code. */
export const failureOf = (state: SlotState, manifest: Sha256): string | undefined =>
  state.failed.find((failed) => failed.manifest === manifest)?.code;

/** Lists the manifests whose blobs have to stay on disk. */
export const manifestsInUse = (state: SlotState): readonly Sha256[] =>
  [state.serving?.manifest, state.previous].filter((manifest) => manifest !== undefined);

function activate(state: SlotState, manifest: Sha256): SlotStep {
  const code = failureOf(state, manifest);
  if (code !== undefined) {
    throw new EdgeloopError("MODEL_FAILED_BEFORE", "this model failed here: release another one", {
      details: { manifest, code },
    });
  }
  if (state.serving?.manifest === manifest) return { state, write: false, outcome: "none" };
  const previous = state.serving?.kind === "confirmed" ? state.serving.manifest : state.previous;
  const serving: ServingSlot = { kind: "trial", manifest, starts: 0, served: 0 };
  return { state: slots(serving, previous, state.failed), write: true, outcome: "activated" };
}

function fail(state: SlotState, manifest: Sha256, code: string): SlotStep {
  const failed = [
    ...state.failed.filter((other) => other.manifest !== manifest),
    { manifest, code },
  ].slice(-failedHashesMax);
  // A confirmed model has nothing to go back to: its worker is started again instead.
  if (state.serving?.manifest !== manifest || state.serving.kind === "confirmed") {
    if (state.serving?.manifest === manifest) return { state, write: false, outcome: "none" };
    return { state: { ...state, failed }, write: true, outcome: "none" };
  }
  const serving: ServingSlot | undefined =
    state.previous === undefined ? undefined : { kind: "confirmed", manifest: state.previous };
  return { state: slots(serving, undefined, failed), write: true, outcome: "rolled-back" };
}

function start(state: SlotState): SlotStep {
  const { serving } = state;
  if (serving?.kind !== "trial") return { state, write: false, outcome: "none" };
  if (serving.starts >= startsMax) return fail(state, serving.manifest, "MODEL_CRASH_LOOP");
  const next = { ...serving, starts: serving.starts + 1, served: 0 };
  return { state: { ...state, serving: next }, write: true, outcome: "none" };
}

function served(state: SlotState): SlotStep {
  const { serving } = state;
  if (serving?.kind !== "trial") return { state, write: false, outcome: "none" };
  if (serving.served + 1 < confirmWindowsMin) {
    const next = { ...serving, served: serving.served + 1 };
    return { state: { ...state, serving: next }, write: false, outcome: "none" };
  }
  const confirmed: ServingSlot = { kind: "confirmed", manifest: serving.manifest };
  return { state: slots(confirmed, undefined, state.failed), write: true, outcome: "confirmed" };
}

const slots = (
  serving: ServingSlot | undefined,
  previous: Sha256 | undefined,
  failed: readonly FailedModel[],
): SlotState => ({
  format: 1,
  ...(serving === undefined ? {} : { serving }),
  ...(previous === undefined ? {} : { previous }),
  failed,
});

/**
 * Reads a slot state that was stored as JSON.
 *
 * @throws `SLOTS_INVALID` when it is not one, `FORMAT_UNSUPPORTED` when a later version wrote it.
 */
export function parseSlots(value: unknown): SlotState {
  const { format, serving, previous, failed } = fieldsOf(value);
  if (typeof format === "number" && format > 1) {
    throw new EdgeloopError(
      "FORMAT_UNSUPPORTED",
      "a later version wrote the slots: update this one",
      {
        details: { format },
      },
    );
  }
  const validPrevious = previous === undefined || isSha256(previous);
  if (format !== 1 || !Array.isArray(failed) || !validPrevious) throw invalid();
  return slots(
    serving === undefined ? undefined : servingOf(serving),
    previous,
    failed.map((entry) => {
      const { manifest, code } = fieldsOf(entry);
      if (!isSha256(manifest) || typeof code !== "string") throw invalid();
      return { manifest, code };
    }),
  );
}

function servingOf(value: unknown): ServingSlot {
  const { kind, manifest, starts, served: count } = fieldsOf(value);
  if (!isSha256(manifest)) throw invalid();
  if (kind === "confirmed") return { kind, manifest };
  if (kind !== "trial" || typeof starts !== "number" || typeof count !== "number") throw invalid();
  return { kind, manifest, starts, served: count };
}

type Fields = Readonly<
  Partial<
    Record<
      | "format"
      | "serving"
      | "previous"
      | "failed"
      | "kind"
      | "manifest"
      | "starts"
      | "served"
      | "code",
      unknown
    >
  >
>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? value : {};

const invalid = (): EdgeloopError =>
  new EdgeloopError("SLOTS_INVALID", "expected the model slots that this gateway wrote");
