import type { Name } from "@edgeloop/core/platform";
import {
  canonicalJson,
  EdgeloopError,
  parseName,
  sha256,
  unreachable,
  utf8,
} from "@edgeloop/core/platform";
import type { CampaignEffect, CampaignState } from "./campaign.ts";
import { campaignEffects, campaignStep, isCampaignOver } from "./campaign.ts";
import type {
  Blueprint,
  CampaignEvent,
  CampaignRelease,
  CampaignSpec,
  RoundOutcome,
} from "./campaign-events.ts";
import { parseCampaignEvent } from "./campaign-events.ts";
import { planOf, rulesOf } from "./campaign-plan.ts";
import type { CoordinatorNotice, CoordinatorPorts } from "./coordinator-ports.ts";
import type { Jobs } from "./jobs.ts";
import type { Journal, Machine } from "./journal.ts";
import { openMachine } from "./journal.ts";
import type { RoundRecord } from "./round-records.ts";
import { turns } from "./turns.ts";

type CampaignMachine = Machine<CampaignState, CampaignEvent>;

/** What the campaign office needs beside the ports. */
export type CampaignOfficeOptions = {
  readonly ports: CoordinatorPorts;
  readonly journal: Journal;
  readonly jobs: Jobs;
  readonly notify: (notice: Omit<CoordinatorNotice, "atUs">) => void;
  /** Starts a round; the same record twice is one round. */
  readonly startRound: (record: RoundRecord) => Promise<void>;
  /** Told once a candidate was published; may be told again after a restart. */
  readonly released: (release: CampaignRelease, spec: CampaignSpec) => Promise<void>;
};

/** Runs campaigns: several rounds over one data range, then a release. */
export type CampaignOffice = {
  /** @throws `CAMPAIGN_RUNNING` when one of the same line goes on, `MESSAGE_INVALID` for an empty range */
  propose(spec: Omit<CampaignSpec, "campaign">): Promise<Name>;
  /** @throws `CAMPAIGN_UNKNOWN`, `CAMPAIGN_NOT_WAITING` */
  approve(campaign: Name): Promise<void>;
  /**
   * Ends a campaign without a release.
   *
   * @throws `CAMPAIGN_UNKNOWN`, `CAMPAIGN_OVER`
   */
  abort(campaign: Name): Promise<void>;
  /** Campaigns, oldest first. */
  all(): ReadonlyMap<Name, CampaignState>;
  /** The campaign of a line that goes on. */
  running(line: Name): CampaignSpec | undefined;
  blueprintOf(campaign: Name): Blueprint | undefined;
  /** Takes a round's outcome. */
  roundEnded(record: RoundRecord, outcome: RoundOutcome): Promise<void>;
  /** Takes up what was going on before a restart, or was lost while nothing could be written; asking again is safe. */
  resume(): void;
};

type Desk = CampaignOfficeOptions & { readonly machines: Map<Name, CampaignMachine> };

/** Opens the campaign office: folds the journal of every campaign. Nothing happens before `resume`. */
export async function openCampaignOffice(options: CampaignOfficeOptions): Promise<CampaignOffice> {
  const desk: Desk = { ...options, machines: new Map() };
  await takeIn(desk);
  const alone = turns();
  const running = (line: Name): CampaignSpec | undefined =>
    [...desk.machines.values()]
      .map((machine) => machine.state())
      .flatMap((state) => (isCampaignOver(state) || !("spec" in state) ? [] : [state.spec]))
      .find((spec) => spec.line === line);
  return {
    // One at a time: two devices may tip the scale in the same moment, and only one campaign may come of it.
    propose: (spec) =>
      alone(async () => {
        for (const machine of await takeIn(desk)) drive(desk, machine);
        refuseSecond(running(spec.line));
        const campaign = nameOf(Math.max(0, ...[...desk.machines.keys()].map(numberOf)) + 1);
        const event = { kind: "proposed", spec: { ...spec, campaign } } as const;
        // A campaign that could not be read again must not even take a name.
        parseCampaignEvent({ ...event, atUs: 0 });
        const machine = await open(desk, campaign);
        try {
          await apply(desk, machine, event);
        } catch (error) {
          desk.machines.delete(campaign);
          throw error;
        }
        return campaign;
      }),
    async approve(campaign) {
      const machine = machineOf(desk, campaign);
      refuseStarted(campaign, machine.state());
      await apply(desk, machine, { kind: "approved" });
    },
    async abort(campaign) {
      const machine = machineOf(desk, campaign);
      refuseEnded(campaign, machine.state());
      await apply(desk, machine, { kind: "failed", code: "OPERATOR_ABORTED" });
    },
    all: () => new Map([...desk.machines].map(([name, machine]) => [name, machine.state()])),
    running,
    blueprintOf(campaign) {
      const state = desk.machines.get(campaign)?.state();
      return state !== undefined && "blueprint" in state ? state.blueprint : undefined;
    },
    async roundEnded({ campaign, number, attempt }, outcome) {
      const machine = desk.machines.get(campaign);
      if (machine) await apply(desk, machine, { kind: "round-ended", number, attempt, outcome });
    },
    resume() {
      for (const machine of desk.machines.values()) drive(desk, machine);
    },
  };
}

function machineOf(desk: Desk, campaign: Name): CampaignMachine {
  const machine = desk.machines.get(campaign);
  if (machine) return machine;
  throw new EdgeloopError("CAMPAIGN_UNKNOWN", "there is no such campaign", {
    details: { campaign },
  });
}

function refuseSecond(other: CampaignSpec | undefined): void {
  if (other === undefined) return;
  throw new EdgeloopError(
    "CAMPAIGN_RUNNING",
    `campaign ${other.campaign} of this line goes on; wait until it has ended`,
    { details: { campaign: other.campaign } },
  );
}

/** Whoever approves what has started, or ended, looks at something else than is there. */
function refuseStarted(campaign: Name, { kind }: CampaignState): void {
  if (kind === "proposed") return;
  throw new EdgeloopError(
    "CAMPAIGN_NOT_WAITING",
    `campaign ${campaign} does not wait for approval: it is ${kind}`,
    { details: { campaign, kind } },
  );
}

function refuseEnded(campaign: Name, state: CampaignState): void {
  if (!isCampaignOver(state)) return;
  throw new EdgeloopError("CAMPAIGN_OVER", `campaign ${campaign} has ended: it is ${state.kind}`, {
    details: { campaign, kind: state.kind },
  });
}

const nameOf = (number: number): Name => parseName(`c${number}`);
const numberOf = (campaign: string): number => Number(campaign.slice(1));

/**
 * Opens the campaigns on disk that are not known, oldest first: all of them at first; later one whose write was said to
 * have failed, and reached the disk all the same.
 */
async function takeIn(desk: Desk): Promise<readonly CampaignMachine[]> {
  const streams = await desk.journal.streams("campaign/");
  const unknown = streams
    .map((stream) => parseName(stream.slice("campaign/".length)))
    .filter((campaign) => !desk.machines.has(campaign))
    .toSorted((a, b) => numberOf(a) - numberOf(b));
  const machines: CampaignMachine[] = [];
  for (const campaign of unknown) machines.push(await open(desk, campaign));
  return machines;
}

async function open(desk: Desk, campaign: Name): Promise<CampaignMachine> {
  const stream = `campaign/${campaign}`;
  const machine: CampaignMachine = await openMachine<CampaignState, CampaignEvent>(
    desk.journal,
    stream,
    {
      start: { kind: "new" },
      parse: parseCampaignEvent,
      step: (state, event) => ({ state: campaignStep(state, event) }),
      changed: ({ state }) => {
        desk.notify({ stream, kind: state.kind, details: campaignDetails(state) });
        drive(desk, machine);
      },
    },
  );
  desk.machines.set(campaign, machine);
  return machine;
}

// An intersection with a union loses which member it was; the event is put together here, once.
type Change = CampaignEvent extends infer E
  ? E extends { atUs: number }
    ? Omit<E, "atUs">
    : never
  : never;

const apply = (desk: Desk, machine: CampaignMachine, change: Change): Promise<string | undefined> =>
  machine.apply({ ...change, atUs: desk.ports.clock.nowUs() } as CampaignEvent);

function drive(desk: Desk, machine: CampaignMachine): void {
  for (const effect of campaignEffects(machine.state())) {
    const place = effect.kind === "open-round" ? `:${effect.round}:${effect.attempt}` : "";
    desk.jobs.ensure(
      `${machine.stream}:${effect.kind}${place}`,
      () => work(desk, machine, effect),
      async (code) => {
        await apply(desk, machine, { kind: "failed", code });
      },
    );
  }
}

async function work(desk: Desk, machine: CampaignMachine, effect: CampaignEffect): Promise<void> {
  const state = machine.state();
  switch (effect.kind) {
    case "build":
      return await (state.kind === "building" ? build(desk, machine, state.spec) : undefined);
    case "open-round":
      return await (state.kind === "running" ? plan(desk, machine, state, effect) : undefined);
    case "publish":
      return await (state.kind === "publishing" ? publish(desk, machine, state) : undefined);
    default:
      return unreachable(effect);
  }
}

async function build(desk: Desk, machine: CampaignMachine, spec: CampaignSpec): Promise<void> {
  const blueprint = await desk.ports.models.blueprint(spec.line);
  await apply(desk, machine, { kind: "built", blueprint });
}

async function plan(
  desk: Desk,
  machine: CampaignMachine,
  { spec, blueprint }: Extract<CampaignState, { kind: "running" }>,
  { kind: _, ...place }: Extract<CampaignEffect, { kind: "open-round" }>,
): Promise<void> {
  const { fleet } = desk.ports.settings;
  const { round, number, attempt } = place;
  const roundPlan = planOf(spec, blueprint, { fleet, ...place });
  const planBytes = utf8(canonicalJson(roundPlan));
  await desk.startRound({
    round,
    attempt,
    number,
    campaign: spec.campaign,
    plan: roundPlan,
    planBytes,
    planHash: await sha256(planBytes),
    rules: rulesOf(spec, blueprint, { number }),
    code: desk.ports.code,
  });
  await apply(desk, machine, { kind: "round-opened", number, attempt });
}

async function publish(
  desk: Desk,
  machine: CampaignMachine,
  { spec, blueprint, candidates, chosen }: Extract<CampaignState, { kind: "publishing" }>,
): Promise<void> {
  const count = candidates.findIndex(({ round }) => round === chosen.round) + 1;
  const release = await desk.ports.models.publish({
    line: spec.line,
    parent: blueprint.parent,
    parameters: chosen.parameters,
    int8: chosen.int8,
    figures: chosen.figures,
    rounds: candidates.slice(0, count).map(({ round }) => round),
    seed: spec.training.seed,
  });
  await desk.released(release, spec);
  await apply(desk, machine, { kind: "published", release });
}

/** What live pages show of a campaign. */
export const campaignDetails = (state: CampaignState): CoordinatorNotice["details"] => ({
  ...("spec" in state
    ? { reason: state.spec.reason, data: state.spec.data, rounds: state.spec.rounds }
    : {}),
  ...(state.kind === "running" ? { number: state.number, attempt: state.attempt } : {}),
  ...(state.kind === "released" ? { release: state.release } : {}),
  ...("code" in state ? { code: state.code } : {}),
});
