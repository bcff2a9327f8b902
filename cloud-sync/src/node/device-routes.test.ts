// What the issue lists as bad input, over real HTTP: each is refused by code, and the round goes on unharmed.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSafetensors, encodeSafetensors, f32 } from "@edgeloop/core/graph";
import type { Clock, Name, Sha256 } from "@edgeloop/core/platform";
import { codeOf, fromUtf8, parseName, parseSha256, sha256 } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { coordinatorApi } from "../coordinator-api.ts";
import type { CoordinatorStatus } from "../coordinator-status.ts";
import { openEnvelope, parseObject, signEnvelope } from "../dsse.ts";
import type { SigningKey } from "../keys.ts";
import { generateKey } from "../keys.ts";
import type { Plan } from "../plan.ts";
import { parsePlan } from "../plan.ts";
import type { UpdateHeader } from "../round-messages.ts";
import type { PlantDevice, RunningPlant } from "../testing.ts";
import { noticeBoard, plantApi, roundPlant } from "../testing.ts";

const signal = new AbortController().signal;
const envelopeType = "application/vnd.dsse.envelope.v1+json";
const round = parseName("c1-r1");

let directory: string;
let plant: RunningPlant;
let devices: readonly [PlantDevice, PlantDevice, PlantDevice];
let plan: Plan;
let planHash: Sha256;
let envelopes: { answer: Uint8Array };

const apiOf = (device: Pick<PlantDevice, "device" | "key">) => plantApi(plant, device);
const putEnvelope = (
  path: string,
  envelope: Uint8Array,
  from: Pick<PlantDevice, "device" | "key"> = devices[0],
): Promise<void> => apiOf(from).put(path, envelope, { type: envelopeType, signal });
const header = (device: Name = devices[0].device) =>
  ({ format: 1, fleet: plan.fleet, round, attempt: 1, plan: planHash, device }) as const;
const trained = (value: number): Promise<Uint8Array> => changed(() => value);

/** An update of the plan's shapes whose every coordinate is `value`. */
async function changed(value: (index: number) => number): Promise<Uint8Array> {
  const base = decodeSafetensors(await blob(plan.base.sha256));
  return encodeSafetensors(
    new Map(
      [...base].map(([name, { shape, data }]) => [
        name,
        f32(
          Float32Array.from({ length: data.length }, (_, index) => value(index)),
          shape,
        ),
      ]),
    ),
  );
}

async function blob(hash: Sha256): Promise<Uint8Array> {
  const response = await fetch(`${plant.addresses.url}/v1/blobs/${hash}`, {
    headers: { authorization: await apiOf(devices[0]).authorization() },
  });
  return new Uint8Array(await response.arrayBuffer());
}

async function announce(
  payload: Uint8Array,
  changes: Partial<UpdateHeader> = {},
  from: PlantDevice = devices[0],
): Promise<Sha256> {
  const hash = await sha256(payload);
  const message = {
    ...header(from.device),
    base: plan.base.sha256,
    payload: { sha256: hash, bytes: payload.length },
    examples: 10,
    ...changes,
  };
  const envelope = await signEnvelope("update", message, from.key);
  await putEnvelope(`/v1/rounds/${round}/updates/${from.device}`, envelope, from);
  return hash;
}

async function deliver(payload: Uint8Array, from: PlantDevice = devices[0]): Promise<void> {
  const hash = await announce(payload, {}, from);
  await apiOf(from).put(`/v1/updates/${hash}`, payload, {
    type: "application/octet-stream",
    signal,
  });
}

const roundNow = async () =>
  ((await plant.admin("GET", "/v1/admin/status")) as CoordinatorStatus).rounds.find(
    ({ name }) => name === round,
  );

/** Calls something that must be refused, and checks that the round did not notice. */
async function refused(call: () => Promise<unknown>): Promise<string> {
  const before = await roundNow();
  const code = await call().then(
    () => "ACCEPTED",
    (error: unknown) => codeOf(error),
  );
  expect(await roundNow()).toEqual(before);
  return code;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-routes-"));
  const prepared = await roundPlant(
    directory,
    "loop: { rounds: 1, cohortMin: 2 }\nlimits: { examplesMax: 100, valueMax: 4 }\n",
  );
  const board = noticeBoard();
  plant = await prepared.start({ onNotice: board.onNotice });
  devices = [await prepared.device("d1"), await prepared.device("d2"), await prepared.device("d3")];
  const selecting = board.until(/^round\//, "selecting");
  await plant.admin("POST", "/v1/admin/campaigns", { startUs: 0, endUs: 1_000_000 });
  await selecting;
  const envelope = await apiOf(devices[0]).get(`/v1/rounds/${round}/plan`, signal);
  const { payload } = await openEnvelope(envelope, "plan", [devices[0].coordinatorKey]);
  plan = parsePlan(parseObject(payload));
  planHash = await sha256(payload);
  envelopes = { answer: new Uint8Array() };
  for (const [index, device] of devices.entries()) {
    const answer =
      index < 2
        ? ({ kind: "ready", examples: 10 } as const)
        : ({ kind: "declined", code: "BUSY" } as const);
    const signed = await signEnvelope("answer", { ...header(device.device), answer }, device.key);
    if (index === 0) envelopes.answer = signed;
    await putEnvelope(`/v1/rounds/${round}/answers/${device.device}`, signed, device);
  }
  expect((await roundNow())?.kind).toBe("training");
});

afterAll(async () => {
  await plant.stop();
  await rm(directory, { recursive: true, force: true });
});

const shifted = (byUs: number): Clock => ({
  ...systemClock,
  nowUs: () => systemClock.nowUs() + byUs,
});
const workAs = (key: SigningKey, clock: Clock, device = devices[0].device, fleet = plan.fleet) =>
  coordinatorApi({
    url: plant.addresses.url,
    fleet,
    device,
    key,
    clock,
    fetch: globalThis.fetch,
  }).get("/v1/work", signal);

test("a device that is unknown, or not who it says, is refused", async () => {
  const stranger = await generateKey();
  const name = parseName("stranger");
  expect(await refused(() => workAs(stranger, systemClock, name))).toBe("JWT_DEVICE_UNKNOWN");
  expect(await refused(() => workAs(stranger, systemClock))).toBe("JWT_SIGNATURE_INVALID");
  const other = parseName("other");
  expect(await refused(() => workAs(devices[0].key, systemClock, devices[0].device, other))).toBe(
    "JWT_AUDIENCE_MISMATCH",
  );
});

test("an expired token, and one from the future, are refused", async () => {
  expect(await refused(() => workAs(devices[0].key, shifted(-600e6)))).toBe("JWT_EXPIRED");
  expect(await refused(() => workAs(devices[0].key, shifted(600e6)))).toBe("JWT_EXPIRED");
});

test("a revoked device is refused everywhere", async () => {
  await plant.admin("POST", `/v1/admin/devices/${devices[2].device}/revoke`, {});
  expect(await refused(() => apiOf(devices[2]).get("/v1/work", signal))).toBe("DEVICE_REVOKED");
  expect(await refused(() => deliver(new Uint8Array(8), devices[2]))).toBe("DEVICE_REVOKED");
});

test("a device speaks for itself alone", async () => {
  const answer = { kind: "ready", examples: 10 } as const;
  const own = await signEnvelope("answer", { ...header(), answer }, devices[0].key);
  const path = (device: Name) => `/v1/rounds/${round}/answers/${device}`;
  expect(await refused(() => putEnvelope(path(devices[1].device), own))).toBe("DEVICE_MISMATCH");
  expect(await refused(() => putEnvelope(path(devices[1].device), own, devices[1]))).toBe(
    "ENVELOPE_SIGNATURE_INVALID",
  );
  const inTheNameOf = await signEnvelope(
    "answer",
    { ...header(devices[0].device), answer },
    devices[1].key,
  );
  expect(await refused(() => putEnvelope(path(devices[1].device), inTheNameOf, devices[1]))).toBe(
    "DEVICE_MISMATCH",
  );
});

test("a replayed envelope changes nothing, whether it fits or not", async () => {
  const path = `/v1/rounds/${round}/answers/${devices[0].device}`;
  expect(await refused(() => putEnvelope(path, envelopes.answer))).toBe("ACCEPTED");
  expect(
    await refused(() =>
      putEnvelope(`/v1/rounds/c9-r9/answers/${devices[0].device}`, envelopes.answer),
    ),
  ).toBe("ROUND_UNKNOWN");
});

test("an envelope that is wrongly signed, of the wrong kind or broken is refused", async () => {
  const path = `/v1/rounds/${round}/updates/${devices[0].device}`;
  const update = {
    ...header(),
    base: plan.base.sha256,
    payload: { sha256: plan.base.sha256, bytes: 8 },
    examples: 1,
  };
  const wrongKey = await signEnvelope("update", update, devices[1].key);
  const wrongKind = await signEnvelope("answer", update, devices[0].key);
  const right = await signEnvelope("update", update, devices[0].key);
  expect(await refused(() => putEnvelope(path, wrongKey))).toBe("ENVELOPE_SIGNATURE_INVALID");
  expect(await refused(() => putEnvelope(path, wrongKind))).toBe("ENVELOPE_KIND_MISMATCH");
  expect(await refused(() => putEnvelope(path, right.slice(0, -9)))).toBe("ENVELOPE_MALFORMED");
  const unknown = await signEnvelope("update", { ...update, window: [1, 2, 3] }, devices[0].key);
  expect(await refused(() => putEnvelope(path, unknown))).toBe("MESSAGE_INVALID");
  const later = await signEnvelope("update", { ...update, format: 2 }, devices[0].key);
  expect(await refused(() => putEnvelope(path, later))).toBe("FORMAT_UNSUPPORTED");
});

test.for<[string, Partial<UpdateHeader>, string]>([
  ["another round", { round: parseName("c1-r2") }, "ROUND_MISMATCH"],
  ["another attempt", { attempt: 2 }, "ATTEMPT_MISMATCH"],
  ["another plan", { plan: parseSha256("0".repeat(64)) }, "PLAN_MISMATCH"],
  ["another base", { base: parseSha256("0".repeat(64)) }, "BASE_MISMATCH"],
  ["another fleet", { fleet: parseName("other") }, "FLEET_MISMATCH"],
  ["more examples than the plan allows", { examples: 101 }, "EXAMPLES_EXCEEDED"],
  [
    "more bytes than the plan allows",
    { payload: { sha256: parseSha256("0".repeat(64)), bytes: 1e9 } },
    "PAYLOAD_TOO_LARGE",
  ],
])("an update for %s is refused", async ([, changes, code]) => {
  const payload = await trained(0.5);
  expect(await refused(() => announce(payload, changes))).toBe(code);
});

test.for<[string, () => Promise<Uint8Array>, string]>([
  ["NaN", () => changed((index) => (index === 3 ? Number.NaN : 0)), "UPDATE_NOT_FINITE"],
  ["infinities", () => trained(Number.POSITIVE_INFINITY), "UPDATE_NOT_FINITE"],
  ["values above S", () => trained(4.5), "UPDATE_VALUE_EXCEEDED"],
  [
    "wrong shapes",
    () => Promise.resolve(encodeSafetensors(new Map([["head.weight", f32([1, 2])]]))),
    "UPDATE_SHAPE_MISMATCH",
  ],
  ["no tensors", () => Promise.resolve(new Uint8Array(64)), "SAFETENSORS_INVALID"],
])("an update with %s is refused, and a right one is taken after it", async ([, make, code]) => {
  const payload = await make();
  expect(await refused(() => deliver(payload))).toBe(code);
});

test("a payload that was not announced, or is not what was announced, is refused", async () => {
  const [payload, other] = [await trained(0.25), await trained(0.5)];
  const hash = await sha256(payload);
  const put = (bytes: Uint8Array) =>
    apiOf(devices[0]).put(`/v1/updates/${hash}`, bytes, {
      type: "application/octet-stream",
      signal,
    });
  expect(await refused(() => put(payload))).toBe("UPDATE_NOT_ANNOUNCED");
  await announce(payload);
  expect(await refused(() => put(other))).toBe("BLOB_MISMATCH");
  expect(await refused(() => put(payload.subarray(1)))).toBe("PAYLOAD_TOO_LARGE");
});

test("what is not asked for now is not handed out", async () => {
  const fetchAs =
    (path: string, device = devices[0]) =>
    () =>
      apiOf(device).get(path, signal);
  expect(await refused(fetchAs(`/v1/rounds/${round}/calibration-task`))).toBe("WORK_NOT_DUE");
  expect(await refused(fetchAs(`/v1/rounds/${round}/offer`))).toBe("WORK_NOT_DUE");
  expect(await refused(fetchAs("/v1/rounds/c7-r7/plan"))).toBe("ROUND_UNKNOWN");
  expect(await refused(fetchAs("/v1/rollouts/toys-v9"))).toBe("ROLLOUT_UNKNOWN");
  expect(await refused(fetchAs("/v1/nothing"))).toBe("ROUTE_UNKNOWN");
});

test("an oversized body is refused before it is read whole", async () => {
  const path = `/v1/rounds/${round}/answers/${devices[0].device}`;
  expect(await refused(() => putEnvelope(path, new Uint8Array(2 * 1024 * 1024)))).toBe(
    "FST_ERR_CTP_BODY_TOO_LARGE",
  );
});

test("right updates are taken after all that; the same one twice counts once", async () => {
  const payload = await trained(0.5);
  await deliver(payload);
  expect((await roundNow())?.details["updates"]).toEqual([devices[0].device]);
  await deliver(payload);
  const other = await trained(0.25);
  expect(await refused(() => deliver(other))).toBe("UPDATE_CONFLICT");
  await deliver(other, devices[1]);
  await expect.poll(async () => (await roundNow())?.kind).toBe("calibrating");
  expect(await refused(() => deliver(payload))).toBe("ACCEPTED");
});

test("calibrations and evaluations that do not fit are refused", async () => {
  const put = async (kind: "calibration" | "evaluation", result: object) => {
    const envelope = await signEnvelope(kind, { ...header(), result } as never, devices[0].key);
    return await refused(() =>
      putEnvelope(`/v1/rounds/${round}/${kind}s/${devices[0].device}`, envelope),
    );
  };
  expect(await put("calibration", { windows: 1, histograms: {} })).toBe("CALIBRATION_MISMATCH");
  expect(await put("calibration", { windows: 1, histograms: { x: { bins: "all" } } })).toBe(
    "MESSAGE_INVALID",
  );
  const confusion = { model: "candidate", slice: "d1", counts: [1, 2, 3] };
  expect(await put("evaluation", { windows: 6, confusions: [confusion] })).toBe(
    "EVALUATION_MISMATCH",
  );
  const right = { ...confusion, counts: [1, 0, 0, 1] };
  for (const confusions of [
    [{ ...right, counts: [2 ** 53 - 1, 0, 0, 2 ** 53 - 1] }],
    [right, { ...right, slice: "d2" }],
  ]) {
    expect(await put("evaluation", { windows: 2, confusions })).toBe("EVALUATION_MISMATCH");
  }
  expect(await put("evaluation", { windows: 2 ** 53 - 1, confusions: [right] })).toBe(
    "EXAMPLES_EXCEEDED",
  );
  expect(await put("evaluation", { windows: 2, confusions: [right] })).toBe("ROUND_PHASE_WRONG");
});

test("refusals are counted by code, without naming devices", async () => {
  const response = await fetch(`${plant.addresses.adminUrl}/metrics`);
  const text = fromUtf8(new Uint8Array(await response.arrayBuffer()));
  expect(text).toMatch(/edgeloop_coordinator_refusals_total\{code="UPDATE_NOT_FINITE"\} 2/);
  expect(text).not.toContain("d1");
});
