import type { Name } from "@edgeloop/core/platform";
import { deriveSeed, EdgeloopError, parseName } from "@edgeloop/core/platform";
import type { CampaignRelease } from "./campaign-events.ts";
import type { CoordinatorNotice, CoordinatorPorts } from "./coordinator-ports.ts";
import type { Bell, Rollout, RolloutReport } from "./fleet-messages.ts";
import type { Journal, Machine } from "./journal.ts";
import { openMachine } from "./journal.ts";
import type { Ledger } from "./ledger.ts";
import type { RolloutState } from "./rollout.ts";
import { isDue, rolloutStep } from "./rollout.ts";
import type { RolloutEvent } from "./rollout-events.ts";
import { parseRolloutEvent } from "./rollout-events.ts";

type RolloutMachine = Machine<RolloutState, RolloutEvent>;

/** What the rollout office needs beside the ports. */
export type RolloutOfficeOptions = {
  readonly ports: CoordinatorPorts;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly notify: (notice: Omit<CoordinatorNotice, "atUs">) => void;
};

/** Runs rollouts: one canary, its report, the rest in stages. */
export type RolloutOffice = {
  /** Starts the rollout of a release; the same release twice is one rollout. */
  start(release: CampaignRelease, campaign?: Name): Promise<Name>;
  joined(device: Name): Promise<void>;
  left(device: Name): Promise<void>;
  /**
   * The order for one device.
   *
   * @throws `ROLLOUT_UNKNOWN`, `ROLLOUT_NOT_DUE`
   */
  orderFor(rollout: Name, device: Name): Rollout;
  /** Takes a device's report. @throws `ROLLOUT_UNKNOWN`, `ROLLOUT_NOT_DUE` */
  reported(report: RolloutReport): Promise<void>;
  /** Lists what a device has to install: the oldest release that it lacks, since each builds on its parent. */
  workOf(device: Name): readonly Bell[];
  all(): ReadonlyMap<Name, RolloutState>;
  tick(): Promise<void>;
};

type Desk = RolloutOfficeOptions & { readonly machines: Map<Name, RolloutMachine> };

/** Names the rollout of a version of a line. */
export const rolloutName = (line: Name, version: number): Name => parseName(`${line}-v${version}`);

/** Opens the rollout office: folds the journal of every rollout, and lets in who enrolled meanwhile. */
export async function openRolloutOffice(options: RolloutOfficeOptions): Promise<RolloutOffice> {
  const { ports, ledger } = options;
  const { line, fleet } = ports.settings;
  const desk: Desk = { ...options, machines: new Map() };
  const now = (): number => ports.clock.nowUs();
  for (const { rollout } of await ledger.releases(line)) await open(desk, rollout);
  const machineOf = (rollout: Name): RolloutMachine => {
    const machine = desk.machines.get(rollout);
    if (machine) return machine;
    throw new EdgeloopError("ROLLOUT_UNKNOWN", "there is no such rollout", {
      details: { rollout },
    });
  };
  const active = async (): Promise<readonly Name[]> =>
    (await ledger.devices()).flatMap(({ device, revoked }) => (revoked ? [] : [device]));
  const toAll = async (event: RolloutEvent): Promise<void> => {
    for (const machine of desk.machines.values()) await machine.apply(event);
  };
  for (const device of await active()) await toAll({ kind: "joined", atUs: now(), device });
  return {
    async start(release, campaign) {
      const { manifestSha256, version, target } = release;
      const rollout = rolloutName(line, version);
      const record = { manifest: manifestSha256, line, version, target, rollout };
      await ledger.addRelease({ ...record, ...(campaign ? { campaign } : {}) }, now());
      const machine = await open(desk, rollout);
      await machine.apply({
        kind: "started",
        atUs: now(),
        release: { line, target, manifestSha256 },
        rules: { ...ports.settings.rollout, seed: deriveSeed(1, rollout) },
        devices: await active(),
      });
      return rollout;
    },
    joined: (device) => toAll({ kind: "joined", atUs: now(), device }),
    left: (device) => toAll({ kind: "left", atUs: now(), device }),
    orderFor(rollout, device) {
      const state = machineOf(rollout).state();
      if (state.kind === "new" || !isDue(state, device)) throw notDue(rollout, device);
      return { format: 1, fleet, rollout, device, release: state.release };
    },
    async reported({ rollout, device, outcome }) {
      const machine = machineOf(rollout);
      const state = machine.state();
      const member = state.kind === "new" ? undefined : state.members.get(device);
      if (state.kind === "new" || member === undefined || member.group > state.group) {
        throw notDue(rollout, device);
      }
      const told = outcome.kind === "active" ? ({ kind: "active" } as const) : { ...outcome };
      await machine.apply({ kind: "reported", atUs: now(), device, outcome: told });
    },
    workOf(device) {
      const due = [...desk.machines].find(([, machine]) => isDue(machine.state(), device));
      return due === undefined ? [] : [{ kind: "rollout", id: due[0] }];
    },
    all: () => new Map([...desk.machines].map(([name, machine]) => [name, machine.state()])),
    async tick() {
      const atUs = now();
      for (const machine of desk.machines.values()) {
        const state = machine.state();
        if (state.kind === "rolling" && atUs >= state.deadlineUs) {
          await machine.apply({ kind: "ticked", atUs });
        }
      }
    },
  };
}

async function open(desk: Desk, rollout: Name): Promise<RolloutMachine> {
  const known = desk.machines.get(rollout);
  if (known) return known;
  const stream = `rollout/${rollout}`;
  const machine = await openMachine<RolloutState, RolloutEvent>(desk.journal, stream, {
    start: { kind: "new" },
    parse: parseRolloutEvent,
    step: (state, event) => ({ state: rolloutStep(state, event) }),
    changed: ({ state }) => {
      desk.notify({ stream, kind: state.kind, details: rolloutDetails(state) });
      for (const device of state.kind === "new" ? [] : state.members.keys()) {
        if (isDue(state, device)) desk.ports.ring(device, { kind: "rollout", id: rollout });
      }
    },
  });
  desk.machines.set(rollout, machine);
  return machine;
}

/** What live pages show of a rollout. */
export function rolloutDetails(state: RolloutState): CoordinatorNotice["details"] {
  if (state.kind === "new") return {};
  return {
    release: state.release,
    group: state.group,
    members: Object.fromEntries([...state.members].map(([name, { status }]) => [name, status])),
    failures: Object.fromEntries(state.failures),
  };
}

const notDue = (rollout: Name, device: Name): EdgeloopError =>
  new EdgeloopError(
    "ROLLOUT_NOT_DUE",
    "the rollout has not come to this device, or has passed it",
    {
      details: { rollout, device },
    },
  );
