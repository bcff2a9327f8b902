import type { BlobRef, Name } from "@edgeloop/core/platform";
import { unreachable } from "@edgeloop/core/platform";
import type { Blueprint, CampaignEvent, CampaignRelease, CampaignSpec } from "./campaign-events.ts";
import type { RoundFigures } from "./federated-figures.ts";
import { failsBar } from "./round.ts";
import type { ModelRef } from "./wire-schema.ts";

/** How often a round that was abandoned is begun anew. */
export const roundAttemptsMax = 3;

/** A candidate that a round let pass. */
export type Candidate = {
  readonly round: Name;
  readonly parameters: BlobRef;
  readonly int8: ModelRef;
  readonly figures: RoundFigures;
};

type Planned = { readonly spec: CampaignSpec };
type Built = Planned & { readonly blueprint: Blueprint; readonly candidates: readonly Candidate[] };

/** Where a campaign stands: several rounds over one data range, each from the candidate before it. */
export type CampaignState =
  | { readonly kind: "new" }
  | (Planned & { readonly kind: "proposed" })
  | (Planned & { readonly kind: "building" })
  | (Built & {
      readonly kind: "running";
      readonly number: number;
      readonly attempt: number;
      /** Whether the round of this number and attempt has been planned. */
      readonly opened: boolean;
    })
  | (Built & { readonly kind: "publishing"; readonly chosen: Candidate })
  | (Built & {
      readonly kind: "released";
      readonly chosen: Candidate;
      readonly release: CampaignRelease;
    })
  | (Planned & { readonly kind: "rejected"; readonly code: string })
  | (Planned & { readonly kind: "abandoned"; readonly code: string });

/** What the shell has to do for a campaign; asking again after a restart is safe. */
export type CampaignEffect =
  | { readonly kind: "build" }
  | {
      readonly kind: "open-round";
      readonly round: Name;
      readonly number: number;
      readonly attempt: number;
      readonly base: BlobRef;
      /** Base of the round before; absent in the first round. */
      readonly previous?: BlobRef;
    }
  | { readonly kind: "publish"; readonly chosen: Candidate };

/** Decides what an event makes of a campaign. Pure; an event that does not fit changes nothing. */
export function campaignStep(state: CampaignState, event: CampaignEvent): CampaignState {
  switch (state.kind) {
    case "new":
      return event.kind === "proposed" ? propose(event.spec) : state;
    case "released":
    case "rejected":
    case "abandoned":
      return state;
    default:
      return event.kind === "failed"
        ? { kind: "abandoned", spec: state.spec, code: event.code }
        : goOn(state, event);
  }
}

function goOn(state: Open, event: CampaignEvent): CampaignState {
  switch (event.kind) {
    case "approved":
      return state.kind === "proposed" ? { kind: "building", spec: state.spec } : state;
    case "built":
      return state.kind === "building" ? begin(state.spec, event.blueprint) : state;
    case "round-opened":
      return isCurrent(state, event) ? { ...state, opened: true } : state;
    case "round-ended":
      return isCurrent(state, event) ? advance(state, event) : state;
    case "published":
      return state.kind === "publishing"
        ? { ...state, kind: "released", release: event.release }
        : state;
    default:
      return state;
  }
}

/** Lists what a state waits to have done. */
export function campaignEffects(state: CampaignState): readonly CampaignEffect[] {
  switch (state.kind) {
    case "building":
      return [{ kind: "build" }];
    case "running":
      return state.opened ? [] : [openRound(state)];
    case "publishing":
      return [{ kind: "publish", chosen: state.chosen }];
    case "new":
    case "proposed":
    case "released":
    case "rejected":
    case "abandoned":
      return [];
    default:
      return unreachable(state);
  }
}

/** Tells whether nothing more can happen. */
export const isCampaignOver = (state: CampaignState): boolean =>
  state.kind === "released" || state.kind === "rejected" || state.kind === "abandoned";

/** Tells whether a round's own bar applies: only to the last round, when the last is the one to be released. */
export const roundHasBar = (spec: CampaignSpec, number: number): boolean =>
  spec.release === "last" && number === spec.rounds;

type Running = Extract<CampaignState, { kind: "running" }>;
type Open = Extract<CampaignState, { kind: "proposed" | "building" | "running" | "publishing" }>;
type Ended = Extract<CampaignEvent, { kind: "round-ended" }>;

const propose = (spec: CampaignSpec): CampaignState =>
  spec.approve === "operator" ? { kind: "proposed", spec } : { kind: "building", spec };

const begin = (spec: CampaignSpec, blueprint: Blueprint): CampaignState => ({
  kind: "running",
  spec,
  blueprint,
  candidates: [],
  number: 1,
  attempt: 1,
  opened: false,
});

const isCurrent = (
  state: Open,
  event: { readonly number: number; readonly attempt: number },
): state is Running =>
  state.kind === "running" && state.number === event.number && state.attempt === event.attempt;

function openRound({ spec, blueprint, candidates, number, attempt }: Running): CampaignEffect {
  const bases = [blueprint.base, ...candidates.map(({ parameters }) => parameters)];
  const previous = bases.at(-2);
  return {
    kind: "open-round",
    round: roundName(spec.campaign, number),
    number,
    attempt,
    base: bases.at(-1) ?? blueprint.base,
    ...(previous ? { previous } : {}),
  };
}

/** Names the round of a campaign. */
export const roundName = (campaign: Name, number: number): Name => `${campaign}-r${number}` as Name;

function advance(state: Running, { outcome }: Ended): CampaignState {
  const { spec } = state;
  switch (outcome.kind) {
    case "released": {
      const round = roundName(spec.campaign, state.number);
      const candidates = [...state.candidates, { ...outcome.candidate, round }];
      return state.number < spec.rounds
        ? { ...state, candidates, number: state.number + 1, attempt: 1, opened: false }
        : choose({ ...state, candidates });
    }
    case "rejected":
      return { kind: "rejected", spec, code: outcome.code };
    case "abandoned":
      return state.attempt < roundAttemptsMax
        ? { ...state, attempt: state.attempt + 1, opened: false }
        : { kind: "abandoned", spec, code: outcome.code };
    default:
      return unreachable(outcome);
  }
}

/** Picks the candidate to publish; of equally good ones the earlier. */
function choose(state: Running): CampaignState {
  const { spec, blueprint, candidates } = state;
  const score = (candidate: Candidate): number => candidate.figures.candidate?.macroF1 ?? 0;
  const chosen =
    spec.release === "last"
      ? candidates.at(-1)
      : candidates.reduce((best, other) => (score(other) > score(best) ? other : best));
  if (chosen === undefined) return { kind: "abandoned", spec, code: "CANDIDATE_MISSING" };
  const code = failsBar(chosen.figures, spec.bar);
  if (code !== undefined) return { kind: "rejected", spec, code };
  return { kind: "publishing", spec, blueprint, candidates, chosen };
}
