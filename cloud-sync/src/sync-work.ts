import type { BlobStore, Clock, Json, Log, Name, Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, sha256, unreachable } from "@edgeloop/core/platform";
import type { CoordinatorApi } from "./coordinator-api.ts";
import { openEnvelope, parseObject, signEnvelope } from "./dsse.ts";
import type { Bell } from "./fleet-messages.ts";
import type { SigningKey, VerifyKey } from "./keys.ts";
import type { MessageKind, Messages } from "./messages.ts";
import { messageParsers } from "./messages.ts";
import type { Installer, Participant, Readiness } from "./participant.ts";
import type { Plan } from "./plan.ts";
import { planBlobs } from "./plan.ts";
import type { RoundHeader } from "./round-messages.ts";
import type { SyncOutbox } from "./sync-outbox.ts";

/** What doing a device's work needs. */
export type SyncWorkOptions = {
  readonly api: CoordinatorApi;
  readonly outbox: SyncOutbox;
  readonly blobs: BlobStore;
  readonly participant: Participant;
  readonly installer: Installer;
  readonly fleet: Name;
  readonly device: Name;
  readonly key: SigningKey;
  readonly coordinatorKey: VerifyKey;
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves when data or labels advanced, or after a while. */
  readonly dataAdvanced: (signal: AbortSignal) => Promise<void>;
};

/** Does one piece of work, from fetching what is asked to the acknowledged reply; may be done again from the start. */
export async function doWork(
  options: SyncWorkOptions,
  { kind, id }: Bell,
  signal: AbortSignal,
): Promise<void> {
  const desk: Desk = { ...options, signal };
  switch (kind) {
    case "offer":
      return await answerOffer(desk, id);
    case "train":
      return await train(desk, id);
    case "calibrate":
      return await calibrate(desk, id);
    case "evaluate":
      return await evaluate(desk, id);
    case "rollout":
      return await install(desk, id);
    default:
      return unreachable(kind);
  }
}

type Desk = SyncWorkOptions & { readonly signal: AbortSignal };
type Planned = { readonly plan: Plan; readonly header: RoundHeader };

/** Fetches a document and believes it only with the coordinator's signature over this kind, fleet and device. */
async function fetchSigned<Kind extends MessageKind>(
  { api, coordinatorKey, fleet, device, signal }: Desk,
  kind: Kind,
  path: string,
): Promise<{ readonly message: Messages[Kind]; readonly hash: Sha256 }> {
  const envelope = await api.get(path, signal);
  const { payload } = await openEnvelope(envelope, kind, [coordinatorKey]);
  const message = messageParsers[kind](parseObject(payload));
  if ("fleet" in message) checkField(kind, message.fleet, fleet);
  if ("device" in message) checkField(kind, message.device, device);
  return { message, hash: await sha256(payload) };
}

function checkField(kind: string, received: string, expected: string): void {
  if (received === expected) return;
  throw new EdgeloopError("DOCUMENT_MISMATCH", `the ${kind} is for ${received}`, {
    details: { kind, received, expected },
  });
}

async function fetchPlan(desk: Desk, round: Name): Promise<Planned> {
  const { message: plan, hash } = await fetchSigned(desk, "plan", `/v1/rounds/${round}/plan`);
  checkField("plan", plan.round, round);
  await desk.api.fetchBlobs(planBlobs(plan), desk.blobs, desk.signal);
  const { fleet, device } = desk;
  const header = { format: 1, fleet, round, attempt: plan.attempt, plan: hash, device } as const;
  return { plan, header };
}

/** A task must be of the plan that this device follows. */
function checkTask(kind: string, task: RoundHeader, header: RoundHeader): void {
  checkField(kind, task.round, header.round);
  checkField(kind, task.plan, header.plan);
}

async function reply<Kind extends MessageKind>(
  { api, key, signal }: Desk,
  kind: Kind,
  { path, message }: { readonly path: string; readonly message: Messages[Kind] },
): Promise<void> {
  const envelope = await signEnvelope(kind, message as Json, key);
  await api.put(path, envelope, { type: "application/vnd.dsse.envelope.v1+json", signal });
}

/** Answers, and answers again as soon as the answer changes. */
async function answerOffer(desk: Desk, round: Name): Promise<void> {
  const { message: offer } = await fetchSigned(desk, "offer", `/v1/rounds/${round}/offer`);
  const { plan, header } = await fetchPlan(desk, round);
  checkTask("offer", offer, header);
  let said: string | undefined;
  for (;;) {
    const answer = await desk.participant.prepare(plan);
    if (saying(answer) !== said) {
      const path = `/v1/rounds/${round}/answers/${desk.device}`;
      await reply(desk, "answer", { path, message: { ...header, answer } });
      said = saying(answer);
    }
    if (answer.kind !== "waiting") return;
    await desk.dataAdvanced(desk.signal);
    desk.signal.throwIfAborted();
  }
}

const saying = (answer: Readiness): string => JSON.stringify(answer);

/** Trains once: after a kill before the acknowledgement the stored update is sent again. */
async function train(desk: Desk, round: Name): Promise<void> {
  const { api, blobs, outbox, participant, key, signal } = desk;
  const { plan, header } = await fetchPlan(desk, round);
  let stored = await outbox.update(round, header.plan);
  if (stored === undefined || !(await blobs.has(stored.payload.sha256))) {
    const { payload: content, examples } = await participant.train(plan, signal);
    const payload = await blobs.put(content);
    const message = { ...header, base: plan.base.sha256, payload, examples };
    stored = { envelope: await signEnvelope("update", message, key), payload };
    await outbox.removeUpdate(round, header.plan);
    await outbox.keepUpdate(round, header.plan, stored);
  }
  await api.put(`/v1/rounds/${round}/updates/${desk.device}`, stored.envelope, {
    type: "application/vnd.dsse.envelope.v1+json",
    signal,
  });
  await api.put(`/v1/updates/${stored.payload.sha256}`, await blobs.get(stored.payload.sha256), {
    type: "application/octet-stream",
    signal,
  });
  await outbox.removeUpdate(round, header.plan);
  await blobs.remove(stored.payload.sha256);
}

async function calibrate(desk: Desk, round: Name): Promise<void> {
  const { plan, header } = await fetchPlan(desk, round);
  const { message: task } = await fetchSigned(
    desk,
    "calibration-task",
    `/v1/rounds/${round}/calibration-task`,
  );
  checkTask("calibration-task", task, header);
  await desk.api.fetchBlobs([task.model.graph, task.model.tensors], desk.blobs, desk.signal);
  const result = await desk.participant.calibrate(plan, task, desk.signal);
  const path = `/v1/rounds/${round}/calibrations/${desk.device}`;
  await reply(desk, "calibration", { path, message: { ...header, result } });
}

async function evaluate(desk: Desk, round: Name): Promise<void> {
  const { plan, header } = await fetchPlan(desk, round);
  const { message: task } = await fetchSigned(
    desk,
    "evaluation-task",
    `/v1/rounds/${round}/evaluation-task`,
  );
  checkTask("evaluation-task", task, header);
  const refs = task.models.flatMap(({ model }) => [model.graph, model.tensors]);
  await desk.api.fetchBlobs(refs, desk.blobs, desk.signal);
  const result = await desk.participant.evaluate(plan, task, desk.signal);
  const path = `/v1/rounds/${round}/evaluations/${desk.device}`;
  await reply(desk, "evaluation", { path, message: { ...header, result } });
}

async function install(desk: Desk, id: Name): Promise<void> {
  const { fleet, device, installer, log, signal } = desk;
  const { message: order } = await fetchSigned(desk, "rollout", `/v1/rollouts/${id}`);
  checkField("rollout", order.rollout, id);
  const installation = await installer.install(order.release, signal);
  if (installation.kind === "refused") {
    const { code, message } = installation;
    log.warn("release refused", { rollout: id, code, message });
  }
  const outcome =
    installation.kind === "active"
      ? ({ kind: "active", health: installation.health ?? {} } as const)
      : ({ kind: "refused", code: installation.code } as const);
  await reply(desk, "rollout-report", {
    path: `/v1/rollouts/${id}/reports/${device}`,
    message: { format: 1, fleet, rollout: id, device, outcome },
  });
}
