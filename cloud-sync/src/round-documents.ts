import type { Json, Name } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Blueprint } from "./campaign-events.ts";
import type { CoordinatorPorts } from "./coordinator-ports.ts";
import { signEnvelope } from "./dsse.ts";
import type { MessageKind, Messages } from "./messages.ts";
import type { RoundHeader } from "./round-messages.ts";
import type { LiveRound, RoundOffice } from "./round-office.ts";
import { workFor } from "./round-state.ts";

/** What signing documents needs. */
export type RoundDocumentsOptions = {
  readonly ports: CoordinatorPorts;
  readonly rounds: RoundOffice;
  readonly blueprintOf: (campaign: Name) => Blueprint | undefined;
};

/** Signs what a device is asked in a round now; each rejects with `ROUND_UNKNOWN` or `WORK_NOT_DUE`. */
export type RoundDocuments = {
  offer(device: Name, round: Name): Promise<Uint8Array>;
  plan(device: Name, round: Name): Promise<Uint8Array>;
  calibrationTask(device: Name, round: Name): Promise<Uint8Array>;
  evaluationTask(device: Name, round: Name): Promise<Uint8Array>;
};

/** Opens the documents of rounds. */
export const roundDocuments = (desk: RoundDocumentsOptions): RoundDocuments => ({
  offer: async (device, round) =>
    await sign(desk, "offer", headerFor(desk, device, { round, due: "offer" })),
  plan: (device, round) => signPlan(desk, device, round),
  calibrationTask: (device, round) => calibrationTask(desk, device, round),
  evaluationTask: (device, round) => evaluationTask(desk, device, round),
});

/** Finds a round. @throws `ROUND_UNKNOWN` */
export function liveRound(rounds: RoundOffice, round: Name): LiveRound {
  const live = rounds.round(round);
  if (live) return live;
  throw refused("ROUND_UNKNOWN", "there is no such round", { round });
}

function headerFor(
  desk: RoundDocumentsOptions,
  device: Name,
  { round, due }: { readonly round: Name; readonly due: "offer" | "calibrate" | "evaluate" },
): RoundHeader {
  const { record, machine } = liveRound(desk.rounds, round);
  if (workFor(machine.state(), device) !== due) {
    throw refused("WORK_NOT_DUE", "the round does not ask this device for it now", {
      round,
      state: machine.state().kind,
    });
  }
  return {
    format: 1,
    fleet: desk.ports.settings.fleet,
    round,
    attempt: record.attempt,
    plan: record.planHash,
    device,
  };
}

const sign = <Kind extends MessageKind>(
  { ports }: RoundDocumentsOptions,
  kind: Kind,
  message: Messages[Kind],
): Promise<Uint8Array> => signEnvelope(kind, message as Json, ports.key);

async function signPlan(
  desk: RoundDocumentsOptions,
  device: Name,
  round: Name,
): Promise<Uint8Array> {
  const { record, machine } = liveRound(desk.rounds, round);
  if (workFor(machine.state(), device) === undefined) {
    throw refused("WORK_NOT_DUE", "the round does not ask this device for anything now", { round });
  }
  return await signEnvelope("plan", record.planBytes, desk.ports.key);
}

async function calibrationTask(
  desk: RoundDocumentsOptions,
  device: Name,
  round: Name,
): Promise<Uint8Array> {
  const header = headerFor(desk, device, { round, due: "calibrate" });
  const { record, machine } = liveRound(desk.rounds, round);
  const state = machine.state();
  const blueprint = blueprintOf(desk, record.campaign);
  if (!("parameters" in state)) throw refused("WORK_NOT_DUE", "there is no candidate yet", {});
  const model = state.calibration;
  const { window, observed } = blueprint;
  return await sign(desk, "calibration-task", { ...header, model, window, observed });
}

async function evaluationTask(
  desk: RoundDocumentsOptions,
  device: Name,
  round: Name,
): Promise<Uint8Array> {
  const header = headerFor(desk, device, { round, due: "evaluate" });
  const { record, machine } = liveRound(desk.rounds, round);
  const state = machine.state();
  const { window, scores, float, parentInt8 } = blueprintOf(desk, record.campaign);
  if (!("int8" in state)) throw refused("WORK_NOT_DUE", "there is no candidate yet", {});
  const models = [
    { name: "candidate", model: state.int8 },
    { name: "float", model: { graph: float, tensors: state.parameters } },
    { name: "parent", model: parentInt8 },
  ] as const;
  return await sign(desk, "evaluation-task", { ...header, models, window, scores });
}

function blueprintOf(desk: RoundDocumentsOptions, campaign: Name): Blueprint {
  const blueprint = desk.blueprintOf(campaign);
  if (blueprint) return blueprint;
  throw refused("CAMPAIGN_UNKNOWN", "there is no such campaign", { campaign });
}

const refused = (
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>>,
): EdgeloopError => new EdgeloopError(code, message, { details });
