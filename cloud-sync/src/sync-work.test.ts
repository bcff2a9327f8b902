// The honest way stands in node/sync-client.test.ts; here a dishonest coordinator's transport answers.
import type { Json } from "@edgeloop/core/platform";
import {
  canonicalJson,
  codeOf,
  parseName,
  sha256,
  silentLog,
  utf8,
  virtualClock,
} from "@edgeloop/core/platform";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import { beforeEach, expect, test } from "vitest";
import { planOf } from "./campaign-plan.ts";
import type { CoordinatorApi } from "./coordinator-api.ts";
import { signEnvelope } from "./dsse.ts";
import { generateKey } from "./keys.ts";
import type { Plan } from "./plan.ts";
import { specOf } from "./policy-office.ts";
import { openSyncOutbox } from "./sync-outbox.ts";
import type { SyncWorkOptions } from "./sync-work.ts";
import { doWork } from "./sync-work.ts";
import { memorySettings, paperModels } from "./testing.ts";

const [fleet, device, round] = ["plant", "pump-1", "c1-r1"].map(parseName) as [
  ReturnType<typeof parseName>,
  ReturnType<typeof parseName>,
  ReturnType<typeof parseName>,
];
const [deviceKey, coordinatorKey, strangerKey] = await Promise.all([
  generateKey(),
  generateKey(),
  generateKey(),
]);
let plan: Plan;
let documents: Map<string, Uint8Array>;
let put: string[];
let asked: string[];
let options: SyncWorkOptions;

beforeEach(async () => {
  const blobs = memoryBlobStore();
  const blueprint = await paperModels(blobs).blueprint(memorySettings.line);
  const trigger = { reason: "OPERATOR_REQUEST", startUs: 0, endUs: 5 };
  const spec = { ...specOf(memorySettings, trigger), campaign: parseName("c1") };
  plan = planOf(spec, blueprint, { fleet, round, number: 1, attempt: 1, base: blueprint.base });
  const bytes = utf8(canonicalJson(plan as Json));
  const header = { format: 1, fleet, round, attempt: 1, plan: await sha256(bytes), device };
  documents = new Map([
    ["plan", await signEnvelope("plan", bytes, coordinatorKey)],
    ["offer", await signEnvelope("offer", header, coordinatorKey)],
  ]);
  put = [];
  asked = [];
  const api: CoordinatorApi = {
    get: (path) =>
      Promise.resolve(
        Uint8Array.from(documents.get(path.split("/").at(-1) ?? "") ?? new Uint8Array()),
      ),
    put: (path) => Promise.resolve(void put.push(path)),
    fetchBlobs: () => Promise.resolve(),
    authorization: () => Promise.resolve(""),
  };
  const never = () => Promise.reject(new Error("not asked for"));
  options = {
    api,
    outbox: await openSyncOutbox(memoryStore()),
    blobs,
    participant: {
      prepare: () => {
        asked.push("prepare");
        return Promise.resolve({ kind: "ready", examples: 1 });
      },
      train: never,
      calibrate: never,
      evaluate: never,
    },
    installer: {
      install: () => {
        asked.push("install");
        return Promise.resolve({ kind: "active" });
      },
    },
    fleet,
    device,
    key: deviceKey,
    coordinatorKey,
    clock: virtualClock(),
    log: silentLog,
    dataAdvanced: never,
  };
});

const work = (kind: "offer" | "rollout", id = round) =>
  doWork(options, { kind, id }, new AbortController().signal).then(() => "DONE", codeOf);

test("an honest offer is prepared for and answered", async () => {
  expect(await work("offer")).toBe("DONE");
  expect([asked, put]).toEqual([["prepare"], ["/v1/rounds/c1-r1/answers/pump-1"]]);
});

const header = async () => ({
  format: 1,
  fleet,
  round,
  attempt: 1,
  plan: await sha256(utf8(canonicalJson(plan as Json))),
  device,
});
test.for<[string, () => Promise<[string, Uint8Array]>, string]>([
  [
    "an offer that somebody else signed",
    async () => ["offer", await signEnvelope("offer", await header(), strangerKey)],
    "ENVELOPE_SIGNATURE_INVALID",
  ],
  [
    "a plan in the place of an offer",
    () => Promise.resolve(["offer", documents.get("plan") ?? new Uint8Array()]),
    "ENVELOPE_KIND_MISMATCH",
  ],
  [
    "an offer for another device",
    async () => [
      "offer",
      await signEnvelope("offer", { ...(await header()), device: "pump-2" }, coordinatorKey),
    ],
    "DOCUMENT_MISMATCH",
  ],
  [
    "an offer of another fleet",
    async () => [
      "offer",
      await signEnvelope("offer", { ...(await header()), fleet: "other" }, coordinatorKey),
    ],
    "DOCUMENT_MISMATCH",
  ],
  [
    "an offer that names another plan",
    async () => [
      "offer",
      await signEnvelope("offer", { ...(await header()), plan: "0".repeat(64) }, coordinatorKey),
    ],
    "DOCUMENT_MISMATCH",
  ],
  [
    "a plan of another round, replayed",
    async () => [
      "plan",
      await signEnvelope("plan", { ...plan, round: "c0-r1" } as Json, coordinatorKey),
    ],
    "DOCUMENT_MISMATCH",
  ],
  [
    "a plan of a later format",
    async () => [
      "plan",
      await signEnvelope("plan", { ...plan, format: 2 } as Json, coordinatorKey),
    ],
    "FORMAT_UNSUPPORTED",
  ],
])("%s is not followed", async ([, forge, code]) => {
  const [kind, envelope] = await forge();
  documents.set(kind, envelope);
  expect(await work("offer")).toBe(code);
  expect([asked, put]).toEqual([[], []]);
});

test("a rollout is installed only when the coordinator signed it for this device", async () => {
  const id = parseName("toys-v2");
  const release = { line: "toys", target: "t", manifestSha256: "0".repeat(64) };
  const order = { format: 1, fleet, rollout: id, device, release };
  documents.set("toys-v2", await signEnvelope("rollout", order, strangerKey));
  expect(await work("rollout", id)).toBe("ENVELOPE_SIGNATURE_INVALID");
  const other = { ...order, rollout: "toys-v1" };
  documents.set("toys-v2", await signEnvelope("rollout", other, coordinatorKey));
  expect(await work("rollout", id)).toBe("DOCUMENT_MISMATCH");
  expect(asked).toEqual([]);
  documents.set("toys-v2", await signEnvelope("rollout", order, coordinatorKey));
  expect(await work("rollout", id)).toBe("DONE");
  expect([asked, put]).toEqual([["install"], ["/v1/rollouts/toys-v2/reports/pump-1"]]);
});
