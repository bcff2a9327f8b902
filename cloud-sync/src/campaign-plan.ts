import type { BlobRef, Name } from "@edgeloop/core/platform";
import { deriveSeed } from "@edgeloop/core/platform";
import { roundHasBar } from "./campaign.ts";
import type { Blueprint, CampaignSpec } from "./campaign-events.ts";
import type { Plan } from "./plan.ts";
import type { RoundRules } from "./round-events.ts";

/** Which round a plan is for. */
export type RoundPlace = {
  readonly fleet: Name;
  readonly round: Name;
  readonly number: number;
  readonly attempt: number;
  readonly base: BlobRef;
};

/** Makes the plan of one round of a campaign; each round draws its own order of examples. Pure. */
export function planOf(spec: CampaignSpec, blueprint: Blueprint, place: RoundPlace): Plan {
  const { fleet, round, number, attempt, base } = place;
  return {
    format: 1,
    fleet,
    campaign: spec.campaign,
    round,
    attempt,
    line: spec.line,
    parent: blueprint.parent,
    base,
    classes: blueprint.classes,
    step: blueprint.step,
    training: { ...spec.training, seed: deriveSeed(spec.training.seed, `round ${number}`) },
    data: spec.data,
    limits: spec.limits,
  };
}

/** Makes the rules of one round of a campaign. Pure. */
export const rulesOf = (
  spec: CampaignSpec,
  blueprint: Blueprint,
  place: Pick<RoundPlace, "number">,
): RoundRules => ({
  ...spec.rules,
  seed: deriveSeed(spec.training.seed, `cohort ${place.number}`),
  classes: blueprint.classes.length,
  bar: roundHasBar(spec, place.number) ? spec.bar : {},
});
