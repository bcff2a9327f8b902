import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "@edgeloop/core/platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CoordinatorStatus } from "../coordinator-status.ts";
import { parseEnrolmentToken } from "../enrolment-token.ts";
import type { RoundPlant, RunningPlant } from "../testing.ts";
import { roundPlant } from "../testing.ts";

let directory: string;
let prepared: RoundPlant;
let plant: RunningPlant;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-admin-"));
  prepared = await roundPlant(directory, "loop: { approve: operator }\n");
  plant = await prepared.start();
});
afterAll(async () => {
  await plant.stop();
  await rm(directory, { recursive: true, force: true });
});

const range = { startUs: 0, endUs: 9 };

test("nobody without the operator's token gets in", async () => {
  for (const authorization of ["", "Bearer wrong", "Basic operator-token-of-the-test"]) {
    const response = await fetch(`${plant.addresses.adminUrl}/v1/admin/status`, {
      headers: { authorization },
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "OPERATOR_TOKEN_INVALID" });
  }
});

test("health and metrics are for whoever is on the machine", async () => {
  const get = async (path: string) => await fetch(`${plant.addresses.adminUrl}${path}`);
  expect(await (await get("/healthz")).json()).toEqual({ status: "ok" });
  const metrics = await get("/metrics");
  expect(metrics.headers.get("content-type")).toContain("version=0.0.4");
  expect(await metrics.text()).toContain("edgeloop_coordinator_devices_online 0");
});

test("a token lets one device in, within its lifetime", async () => {
  const { token } = (await plant.admin("POST", "/v1/admin/tokens", { lifetimeS: 60 })) as {
    token: string;
  };
  expect(parseEnrolmentToken(token)).toMatchObject({ fleet: "plant", url: plant.addresses.url });
  const endless = plant.admin("POST", "/v1/admin/tokens", { lifetimeS: 1e9 });
  expect(await endless.then(() => "MADE", codeOf)).toBe("MESSAGE_INVALID");
});

test("an empty range is refused, and nothing is written of it", async () => {
  const empty = plant.admin("POST", "/v1/admin/campaigns", { startUs: 9, endUs: 9 });
  expect(await empty.then(() => "STARTED", codeOf)).toBe("MESSAGE_INVALID");
  const status = (await plant.admin("GET", "/v1/admin/status")) as CoordinatorStatus;
  expect(status.campaigns).toEqual([]);
});

test("a campaign is proposed over an explicit range and waits for approval", async () => {
  expect(await plant.admin("POST", "/v1/admin/campaigns", range)).toEqual({ campaign: "c1" });
  const status = (await plant.admin("GET", "/v1/admin/status")) as CoordinatorStatus;
  expect(status.campaigns).toMatchObject([{ name: "c1", kind: "proposed" }]);
  const second = plant.admin("POST", "/v1/admin/campaigns", range);
  expect(await second.then(() => "STARTED", codeOf)).toBe("CAMPAIGN_RUNNING");
  const unknown = plant.admin("POST", "/v1/admin/campaigns/c7/approve");
  expect(await unknown.then(() => "APPROVED", codeOf)).toBe("CAMPAIGN_UNKNOWN");
  const bad = plant.admin("POST", "/v1/admin/campaigns", { startUs: 0 });
  expect(await bad.then(() => "STARTED", codeOf)).toBe("MESSAGE_INVALID");
});

test("what moves is streamed as server-sent events", async () => {
  const stop = new AbortController();
  const response = await fetch(`${plant.addresses.adminUrl}/v1/admin/events`, {
    headers: { authorization: "Bearer operator-token-of-the-test" },
    signal: stop.signal,
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  const decoder = new TextDecoder();
  const read = async (until: string): Promise<void> => {
    while (!text.includes(until)) text += decoder.decode((await reader.read()).value);
  };
  await read(": open");
  await plant.admin("POST", "/v1/admin/campaigns/c1/approve");
  await read('"kind":"building"');
  const data = /^data: (.*building.*)$/m.exec(text)?.[1] ?? "";
  expect(JSON.parse(data)).toMatchObject({ stream: "campaign/c1", kind: "building" });
  stop.abort();
});

test("a campaign is ended by its operator, once", async () => {
  const abort = (campaign: string) =>
    plant.admin("POST", `/v1/admin/campaigns/${campaign}/abort`).then(() => "ABORTED", codeOf);
  expect(await abort("c1")).toBe("ABORTED");
  const status = (await plant.admin("GET", "/v1/admin/status")) as CoordinatorStatus;
  expect(status.campaigns).toMatchObject([
    { name: "c1", kind: "abandoned", details: { code: "OPERATOR_ABORTED" } },
  ]);
  expect([await abort("c1"), await abort("c7")]).toEqual(["CAMPAIGN_OVER", "CAMPAIGN_UNKNOWN"]);
});

test("devices are listed and revoked", async () => {
  await prepared.device("d1");
  await plant.admin("POST", "/v1/admin/devices/d1/revoke");
  const { devices } = (await plant.admin("GET", "/v1/admin/devices")) as CoordinatorStatus;
  expect(devices).toMatchObject([{ device: "d1", revoked: { reason: "OPERATOR_REQUEST" } }]);
  const unknown = plant.admin("POST", "/v1/admin/devices/d9/revoke");
  expect(await unknown.then(() => "REVOKED", codeOf)).toBe("DEVICE_UNKNOWN");
  expect(await plant.admin("GET", "/v1/admin/rounds")).toMatchObject({ rounds: expect.any(Array) });
});
