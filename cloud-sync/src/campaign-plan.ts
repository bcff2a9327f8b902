import type { BlobRef, Name } from "@edgeloop/core/platform";
import { deriveSeed } from "@edgeloop/core/platform";
import { cosine } from "@edgeloop/core/training";
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
  /** Base of the round before; absent in the first round. */
  readonly previous?: BlobRef;
};

/** Makes the plan of one round of a campaign; each round draws its own order of examples. Pure. */
export function planOf(spec: CampaignSpec, blueprint: Blueprint, place: RoundPlace): Plan {
  const { fleet, round, number, attempt, base, previous } = place;
  const factor = spec.serverMomentum ?? 0;
  return {
    format: 1,
    fleet,
    campaign: spec.campaign,
    round,
    attempt,
    line: spec.line,
    parent: blueprint.parent,
    base,
    ...(factor > 0 && previous ? { momentum: { factor, previous } } : {}),
    classes: blueprint.classes,
    step: blueprint.step,
    training: {
      ...spec.training,
      seed: deriveSeed(spec.training.seed, `round ${number}`),
      learningRate: spec.training.learningRate * rateShare(number, spec),
    },
    data: spec.data,
    limits: spec.limits,
  };
}

/**
 * Gives the share of the learning rate that a round has: half a cosine from 1 in the first to the floor in the last.
 *
 * @param number From 1.
 * @see Charles, Konečný 2020, arXiv:2007.00878 (averaging local steps wants a rate that falls)
 * @example
 * rateShare(10, { rounds: 10, learningRateFloor: 0.1 }); // => 0.1
 */
export function rateShare(
  number: number,
  { rounds, learningRateFloor: floor = 1 }: Pick<CampaignSpec, "rounds" | "learningRateFloor">,
): number {
  return rounds > 1 ? cosine(1, { floor })(number - 1, rounds - 1) : 1;
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
