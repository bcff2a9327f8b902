import type { BlobRef, Name, Sha256 } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError } from "@edgeloop/core/platform";
import { readTensors } from "./aggregate.ts";
import type { Blueprint } from "./campaign-events.ts";
import type { CoordinatorPorts } from "./coordinator-ports.ts";
import { openEnvelope, parseObject } from "./dsse.ts";
import type { VerifyKey } from "./keys.ts";
import type { Messages } from "./messages.ts";
import { messageParsers } from "./messages.ts";
import { step } from "./round.ts";
import { liveRound } from "./round-documents.ts";
import type { RoundEvent } from "./round-events.ts";
import type {
  EvaluatedModel,
  EvaluationResult,
  RoundHeader,
  UpdateHeader,
} from "./round-messages.ts";
import type { LiveRound, RoundOffice } from "./round-office.ts";
import type { Announced, RoundRecords } from "./round-records.ts";
import { workFor } from "./round-state.ts";
import { checkUpdate } from "./update-check.ts";

/** A device whose token was verified, and its enrolled key. */
export type Caller = { readonly device: Name; readonly key: VerifyKey };

/** What the intake needs. */
export type RoundIntakeOptions = {
  readonly ports: CoordinatorPorts;
  readonly rounds: RoundOffice;
  readonly records: RoundRecords;
  readonly blueprintOf: (campaign: Name) => Blueprint | undefined;
};

/** Takes replies of devices; a refused one leaves the round as it was. */
export type RoundIntake = {
  answer(caller: Caller, round: Name, envelope: Uint8Array): Promise<void>;
  /** Takes an update's header. Its payload may follow. */
  announce(caller: Caller, round: Name, envelope: Uint8Array): Promise<void>;
  /** Tells how long an announced payload is. @throws `UPDATE_NOT_ANNOUNCED` */
  expect(caller: Caller, payload: Sha256): Promise<Announced>;
  /** Takes a payload: length, hash and content are checked before the round knows of it. */
  deliver(announced: Announced, content: AsyncIterable<Uint8Array>): Promise<void>;
  calibration(caller: Caller, round: Name, envelope: Uint8Array): Promise<void>;
  evaluation(caller: Caller, round: Name, envelope: Uint8Array): Promise<void>;
};

/** Opens the intake. */
export function openRoundIntake(options: RoundIntakeOptions): RoundIntake {
  const desk: Desk = { ...options };
  return {
    async answer(caller, round, envelope) {
      const { live, message } = await received(desk, caller, { round, envelope, kind: "answer" });
      const { answer } = message;
      if (answer.kind === "ready") checkExamples(live, answer.examples);
      await tell(live, { kind: "answered", ...about(desk, caller), answer });
    },
    announce: (caller, round, envelope) => announce(desk, caller, { round, envelope }),
    async expect({ device }, payload) {
      const all = await desk.records.announced(device, payload);
      // Training is deterministic: rounds, and attempts at one, may give the same update. The one that waits for it counts.
      const announced = all.find((each) => isAwaited(desk, each)) ?? all.at(-1);
      if (announced !== undefined) return announced;
      throw refused("UPDATE_NOT_ANNOUNCED", "put the update's header first", { payload });
    },
    deliver: (announced, content) => deliver(desk, announced, content),
    async calibration(caller, round, envelope) {
      const { live, message } = await received(desk, caller, {
        round,
        envelope,
        kind: "calibration",
      });
      checkObserved(desk, live, Object.keys(message.result.histograms));
      const report = await keep(desk, envelope);
      await tell(live, { kind: "calibrated", ...about(desk, caller), report });
    },
    async evaluation(caller, round, envelope) {
      const { live, message } = await received(desk, caller, {
        round,
        envelope,
        kind: "evaluation",
      });
      const { windows, confusions } = message.result;
      checkConfusions(live, message.result);
      await tell(live, { kind: "evaluated", ...about(desk, caller), windows, confusions });
    },
  };
}

type Desk = RoundIntakeOptions;

const about = ({ ports }: Desk, { device }: Caller): { device: Name; atUs: number } => ({
  device,
  atUs: ports.clock.nowUs(),
});

/** Opens a reply: kind, signature by the caller's own key, form, and that it is about this round and plan. */
async function received<Kind extends "answer" | "update" | "calibration" | "evaluation">(
  desk: Desk,
  caller: Caller,
  reply: { readonly round: Name; readonly envelope: Uint8Array; readonly kind: Kind },
): Promise<{ readonly live: LiveRound; readonly message: Messages[Kind] }> {
  const { payload } = await openEnvelope(reply.envelope, reply.kind, [caller.key]);
  const message = messageParsers[reply.kind](parseObject(payload));
  const live = liveRound(desk.rounds, reply.round);
  checkHeader(message, live, { device: caller.device, fleet: desk.ports.settings.fleet });
  return { live, message };
}

function checkHeader(
  header: RoundHeader,
  { record }: LiveRound,
  { device, fleet }: { readonly device: Name; readonly fleet: Name },
): void {
  const expected = {
    fleet,
    device,
    round: record.round,
    attempt: record.attempt,
    plan: record.planHash,
  };
  for (const field of ["fleet", "device", "round", "attempt", "plan"] as const) {
    if (header[field] !== expected[field]) {
      throw refused(`${field.toUpperCase()}_MISMATCH`, `the message is of another ${field}`, {
        expected: expected[field],
        received: header[field],
      });
    }
  }
}

/** Applies an event; a refusal becomes an error. */
async function tell({ machine }: LiveRound, event: RoundEvent): Promise<void> {
  const code = await machine.apply(event);
  if (code !== undefined) {
    throw refused(code, "the round does not take this now", { stream: machine.stream });
  }
}

function checkExamples({ record }: LiveRound, examples: number): void {
  const { examplesMax, weightMax } = record.plan.limits;
  const allowed = Math.min(examplesMax, weightMax);
  if (examples > allowed) {
    throw refused("EXAMPLES_EXCEEDED", `the plan allows ${allowed} examples`, {
      examples,
      allowed,
    });
  }
}

async function announce(
  desk: Desk,
  caller: Caller,
  { round, envelope }: { readonly round: Name; readonly envelope: Uint8Array },
): Promise<void> {
  const { live, message } = await received(desk, caller, { round, envelope, kind: "update" });
  const { plan } = live.record;
  checkUpdateHeader(live, message);
  const update = { payload: message.payload, examples: message.examples };
  const { refusal } = step(live.machine.state(), {
    kind: "updated",
    ...about(desk, caller),
    update,
  });
  if (refusal !== undefined) {
    throw refused(refusal, "the round does not take this update", { round: plan.round });
  }
  const { attempt } = live.record;
  await desk.records.announce({ round, attempt, device: caller.device, ...update }, envelope);
}

function checkUpdateHeader(live: LiveRound, { base, payload, examples }: UpdateHeader): void {
  const { plan } = live.record;
  if (base !== plan.base.sha256) {
    throw refused("BASE_MISMATCH", "the update is the difference from another base", {
      expected: plan.base.sha256,
      received: base,
    });
  }
  checkExamples(live, examples);
  if (payload.bytes > plan.limits.payloadBytesMax) {
    throw refused("PAYLOAD_TOO_LARGE", `the plan allows ${plan.limits.payloadBytesMax} bytes`, {
      bytes: payload.bytes,
    });
  }
}

function isAwaited({ rounds }: Desk, { round, attempt, device }: Announced): boolean {
  const live = rounds.round(round);
  if (live?.record.attempt !== attempt) return false;
  return workFor(live.machine.state(), device) === "train";
}

async function deliver(
  desk: Desk,
  announced: Announced,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { ports } = desk;
  const live = liveRound(desk.rounds, announced.round);
  if (live.record.attempt !== announced.attempt) {
    throw refused("ATTEMPT_MISMATCH", "the round was begun anew", { round: announced.round });
  }
  const { payload, device, examples } = announced;
  await ports.updates.putStream(payload, content);
  try {
    const base = await readTensors(ports.blobs, live.record.plan.base);
    const update = await readTensors(ports.updates, payload);
    checkUpdate(base, update, live.record.plan.limits.valueMax);
  } catch (error) {
    if (codeOf(error).startsWith("BLOB_")) throw error;
    await desk.records.forget(announced);
    await ports.updates.remove(payload.sha256);
    throw error;
  }
  const atUs = ports.clock.nowUs();
  await tell(live, { kind: "updated", atUs, device, update: { payload, examples } });
}

function checkObserved(desk: Desk, { record }: LiveRound, names: readonly string[]): void {
  const observed = desk.blueprintOf(record.campaign)?.observed ?? [];
  const unknown = names.find((name) => !observed.includes(name));
  const missing = observed.find((name) => !names.includes(name));
  if (unknown !== undefined || missing !== undefined) {
    throw refused("CALIBRATION_MISMATCH", "expected a histogram of each observed value", {
      unknown,
      missing,
    });
  }
}

/** One device weighs as much as its windows: counts beyond them would decide for all, or not even be a safe integer. */
function checkConfusions({ record }: LiveRound, { windows, confusions }: EvaluationResult): void {
  const { classes, limits } = record.plan;
  const cells = classes.length ** 2;
  if (windows > limits.examplesMax) {
    throw refused("EXAMPLES_EXCEEDED", `the plan allows ${limits.examplesMax} examples`, {
      examples: windows,
      allowed: limits.examplesMax,
    });
  }
  if (!confusions.some(({ model }) => model === "candidate")) {
    throw refused("EVALUATION_MISMATCH", "expected counts of the candidate", {});
  }
  const counted = new Map<EvaluatedModel, number>();
  for (const { model, slice, counts } of confusions) {
    if (counts.length !== cells) {
      throw refused("EVALUATION_MISMATCH", `expected ${cells} counts, row-major`, { model, slice });
    }
    const total = counts.reduce((sum, count) => sum + count, counted.get(model) ?? 0);
    counted.set(model, total);
    if (total > windows) {
      throw refused("EVALUATION_MISMATCH", `expected counts of at most ${windows} windows`, {
        model,
        windows,
      });
    }
  }
}

const keep = ({ ports }: Desk, envelope: Uint8Array): Promise<BlobRef> =>
  ports.updates.put(envelope);

const refused = (
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>>,
): EdgeloopError => new EdgeloopError(code, message, { details });
