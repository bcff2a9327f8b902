import type { Notice } from "./fleet/coordinator-member.ts";
import type { RoundRow } from "./report/report-state.ts";

/** One rollout as the coordinator reports it. */
export type RolloutRow = {
  readonly name: string;
  readonly state: string;
  readonly manifest: string;
  /** Status by gateway. */
  readonly members: Readonly<Record<string, string>>;
};

/** What the coordinator has said so far. */
export type RoundBook = {
  take(notice: Notice, atS: number): void;
  rounds(): readonly RoundRow[];
  rollouts(): readonly RolloutRow[];
  /** State of the newest campaign. */
  campaign(): string | undefined;
  /** Why the newest campaign came to nothing, where it did and the coordinator said why. */
  campaignCode(): string | undefined;
};

/** Rounds and rollouts that are kept, the newest: hours of a fleet that stays. */
export const rowsMax = 200;

/** Builds an empty book of rounds. */
export function roundBook(): RoundBook {
  const rounds = new Map<string, RoundRow>();
  const rollouts = new Map<string, RolloutRow>();
  let campaign: { readonly kind: string; readonly code: string | undefined } | undefined;
  return {
    take({ stream, kind, details }, atS) {
      const [family = "", name = ""] = stream.split("/");
      if (family === "round") keep(rounds, stream, roundOf(name, kind, { details, atS }));
      if (family === "rollout") keep(rollouts, name, rolloutOf(name, kind, details));
      const { code } = details;
      if (family === "campaign") {
        campaign = { kind, code: typeof code === "string" ? code : undefined };
      }
    },
    rounds: () => [...rounds.values()],
    rollouts: () => [...rollouts.values()],
    campaign: () => campaign?.kind,
    campaignCode: () => campaign?.code,
  };
}

function keep<Row>(rows: Map<string, Row>, name: string, row: Row): void {
  rows.set(name, row);
  const [oldest] = rows.keys();
  if (rows.size > rowsMax && oldest !== undefined) rows.delete(oldest);
}

type Details = Readonly<Record<string, unknown>>;

function roundOf(
  round: string,
  state: string,
  { details, atS }: { readonly details: Details; readonly atS: number },
): RoundRow {
  const { cohort } = details;
  const [candidate, parent] = [figureOf(details, "candidate"), figureOf(details, "parent")];
  return {
    round,
    state,
    atS,
    ...(Array.isArray(cohort) ? { devices: cohort.length } : {}),
    ...(candidate === undefined ? {} : { accuracy: candidate }),
    ...(parent === undefined ? {} : { parentAccuracy: parent }),
  };
}

function figureOf({ figures }: Details, model: string): number | undefined {
  const accuracy: unknown = Object(Object(figures)[model]).accuracy;
  return typeof accuracy === "number" ? accuracy : undefined;
}

const rolloutOf = (name: string, state: string, details: Details): RolloutRow => ({
  name,
  state,
  manifest: String(Object(details["release"]).manifestSha256),
  members: { ...Object(details["members"]) },
});
