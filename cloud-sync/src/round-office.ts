import type { Name } from "@edgeloop/core/platform";
import { EdgeloopError, fromUtf8 } from "@edgeloop/core/platform";
import { aggregate, mergeCalibrations } from "./aggregate.ts";
import type { Blueprint, RoundOutcome } from "./campaign-events.ts";
import type { CoordinatorNotice, CoordinatorPorts } from "./coordinator-ports.ts";
import { readEnvelope } from "./dsse.ts";
import type { Bell } from "./fleet-messages.ts";
import type { Jobs } from "./jobs.ts";
import type { Journal, Machine } from "./journal.ts";
import { openMachine } from "./journal.ts";
import type { RoundStep } from "./round.ts";
import { step } from "./round.ts";
import type { RoundEvent } from "./round-events.ts";
import { parseRoundEvent } from "./round-events.ts";
import { parseCalibrationReport } from "./round-messages.ts";
import type { RoundRecord, RoundRecords } from "./round-records.ts";
import type { RoundEffect, RoundState } from "./round-state.ts";
import { deadlineOf, isOver, pendingEffects, plannedRound, workFor } from "./round-state.ts";

/** A round that is known: its record, and its machine. */
export type LiveRound = {
  readonly record: RoundRecord;
  readonly machine: Machine<RoundState, RoundEvent>;
};

/** What the round office needs beside the ports. */
export type RoundOfficeOptions = {
  readonly ports: CoordinatorPorts;
  readonly journal: Journal;
  readonly records: RoundRecords;
  readonly jobs: Jobs;
  readonly notify: (notice: Omit<CoordinatorNotice, "atUs">) => void;
  /** Told once a round is over; may be told again after a restart. */
  readonly ended: (record: RoundRecord, outcome: RoundOutcome) => Promise<void>;
  readonly blueprintOf: (campaign: Name) => Blueprint | undefined;
  /** Aborts when the coordinator stops. */
  readonly signal: AbortSignal;
};

/** Runs rounds: applies events, and does what states ask for. */
export type RoundOffice = {
  /** Plans a round and invites devices; the same record twice is one round. */
  start(record: RoundRecord, invited: readonly Name[]): Promise<void>;
  /** The newest attempt of a round. */
  round(round: Name): LiveRound | undefined;
  /** Every attempt of every round, oldest first. */
  all(): readonly LiveRound[];
  /** Lists what a device has to do. */
  workOf(device: Name): readonly Bell[];
  /** Takes up what was going on before a restart. */
  resume(): Promise<void>;
  /** Looks at deadlines, and takes up jobs that were lost while nothing could be written. */
  tick(): Promise<void>;
  /** Ends what goes on of a campaign. */
  abort(campaign: Name): Promise<void>;
};

type Desk = RoundOfficeOptions & {
  /** Streams of rounds whose end was told. */
  readonly concluded: Set<string>;
  readonly newest: Map<Name, LiveRound>;
  readonly all: LiveRound[];
};

/** Opens the round office: folds the journal of every round. Nothing happens before `resume`. */
export async function openRoundOffice(options: RoundOfficeOptions): Promise<RoundOffice> {
  const { ports, records } = options;
  const desk: Desk = { ...options, newest: new Map(), all: [], concluded: new Set() };
  for (const record of await records.all()) await open(desk, record);
  return {
    async start(record, invited) {
      const atUs = ports.clock.nowUs();
      await records.add(record, atUs);
      const live = await open(desk, record);
      await live.machine.apply({ kind: "opened", atUs, invited });
    },
    round: (round) => desk.newest.get(round),
    all: () => desk.all,
    workOf: (device) =>
      [...desk.newest.values()].flatMap(({ record, machine }) => {
        const kind = workFor(machine.state(), device);
        return kind === undefined ? [] : [{ kind, id: record.round }];
      }),
    async resume() {
      for (const live of desk.newest.values()) await takeUp(desk, live);
    },
    async tick() {
      const atUs = ports.clock.nowUs();
      for (const live of desk.newest.values()) {
        const deadlineUs = deadlineOf(live.machine.state());
        if (deadlineUs !== undefined && atUs >= deadlineUs) {
          await live.machine.apply({ kind: "ticked", atUs });
        }
        perform(desk, live, jobsOf(live));
      }
    },
    async abort(campaign) {
      const atUs = ports.clock.nowUs();
      for (const { record, machine } of desk.newest.values()) {
        if (record.campaign !== campaign) continue;
        await machine.apply({ kind: "failed", atUs, code: "OPERATOR_ABORTED" });
      }
    },
  };
}

async function open(desk: Desk, record: RoundRecord): Promise<LiveRound> {
  const known = desk.newest.get(record.round);
  if (known?.record.attempt === record.attempt) return known;
  const stream = `round/${record.round}/${record.attempt}`;
  const machine = await openMachine<RoundState, RoundEvent, RoundStep>(desk.journal, stream, {
    start: plannedRound(record.rules),
    parse: parseRoundEvent,
    step,
    changed: ({ state, effects }) => {
      desk.notify({ stream, kind: state.kind, details: roundDetails(state) });
      perform(desk, live, effects);
    },
  });
  const live: LiveRound = { record, machine };
  desk.newest.set(record.round, live);
  desk.all.push(live);
  return live;
}

/** Bells have rung: who missed one asks at its next connect. */
const jobsOf = ({ machine }: LiveRound): readonly RoundEffect[] =>
  pendingEffects(machine.state()).filter(({ kind }) => kind !== "ring");

/** A round in flight across a change of version is abandoned: its bits could differ. */
async function takeUp(desk: Desk, live: LiveRound): Promise<void> {
  const { code, clock } = desk.ports;
  const isForeign = live.record.code !== code && !isOver(live.machine.state());
  if (isForeign) {
    await live.machine.apply({ kind: "failed", atUs: clock.nowUs(), code: "CODE_CHANGED" });
  } else {
    perform(desk, live, pendingEffects(live.machine.state()));
  }
}

function perform(desk: Desk, live: LiveRound, effects: readonly RoundEffect[]): void {
  const { machine, record } = live;
  for (const effect of effects) {
    if (effect.kind === "ring") {
      for (const device of effect.devices) {
        desk.ports.ring(device, { kind: effect.work, id: record.round });
      }
    } else if (!desk.concluded.has(machine.stream)) {
      desk.jobs.ensure(
        `${machine.stream}:${effect.kind}`,
        () => work(desk, live, effect),
        (code) => giveUp(desk, live, code),
      );
    }
  }
}

async function giveUp(desk: Desk, { machine, record }: LiveRound, code: string): Promise<void> {
  const atUs = desk.ports.clock.nowUs();
  if (!isOver(machine.state())) {
    await machine.apply({ kind: "failed", atUs, code });
    return;
  }
  // The round is over and cannot fail any more, but its campaign must not wait for ever for an end that cannot be told.
  await desk.ended(record, { kind: "abandoned", code });
  desk.concluded.add(machine.stream);
}

async function work(desk: Desk, live: LiveRound, effect: RoundEffect): Promise<void> {
  const state = live.machine.state();
  switch (effect.kind) {
    case "aggregate":
      return await (state.kind === "aggregating" ? sum(desk, live, state) : undefined);
    case "quantize":
      return await (state.kind === "calibrating" ? quantize(desk, live, state) : undefined);
    case "conclude":
      await conclude(desk, live.record, state);
      desk.concluded.add(live.machine.stream);
      return undefined;
    default:
      return undefined;
  }
}

async function sum(
  { ports, blueprintOf, signal }: Desk,
  { machine, record }: LiveRound,
  state: Extract<RoundState, { kind: "aggregating" }>,
): Promise<void> {
  const restMs = ports.settings.aggregateRestMs;
  const parameters = await aggregate(record.plan, state.updates, { ...ports, restMs, signal });
  const blueprint = blueprintFor(blueprintOf, record.campaign);
  const calibration = await ports.models.observe(blueprint, parameters);
  const atUs = ports.clock.nowUs();
  await machine.apply({ kind: "aggregated", atUs, parameters, calibration });
}

async function quantize(
  { ports, blueprintOf }: Desk,
  { machine, record }: LiveRound,
  state: Extract<RoundState, { kind: "calibrating" }>,
): Promise<void> {
  const blueprint = blueprintFor(blueprintOf, record.campaign);
  const results = await Promise.all(
    [...state.reports.values()].map(async ({ sha256 }) => {
      const { payload } = readEnvelope(await ports.updates.get(sha256));
      return parseCalibrationReport(JSON.parse(fromUtf8(payload))).result;
    }),
  );
  const histograms = mergeCalibrations(results, blueprint.observed);
  const int8 = await ports.models.quantize(blueprint, state.parameters, histograms);
  await machine.apply({ kind: "quantized", atUs: ports.clock.nowUs(), int8 });
}

function blueprintFor(blueprintOf: Desk["blueprintOf"], campaign: Name): Blueprint {
  const blueprint = blueprintOf(campaign);
  if (blueprint) return blueprint;
  throw new EdgeloopError("CAMPAIGN_UNKNOWN", "the round's campaign is not in the ledger", {
    details: { campaign },
  });
}

async function conclude(
  { ports, ended }: Desk,
  record: RoundRecord,
  state: RoundState,
): Promise<void> {
  if (state.kind === "released") {
    const { parameters, int8, figures } = state;
    await ended(record, { kind: "released", candidate: { parameters, int8, figures } });
  } else if (state.kind === "rejected" || state.kind === "abandoned") {
    const { kind, code } = state;
    ports.log.warn("round ended without a candidate", { round: record.round, kind, code });
    await ended(record, { kind, code });
  }
}

/** What live pages show of a round. */
export const roundDetails = (state: RoundState): CoordinatorNotice["details"] => ({
  ...("cohort" in state ? { cohort: state.cohort, updates: [...state.updates.keys()] } : {}),
  ...("figures" in state ? { figures: state.figures } : {}),
  ...("code" in state ? { code: state.code } : {}),
});
