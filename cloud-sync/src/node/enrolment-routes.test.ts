import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf, parseName } from "@edgeloop/core/platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrol } from "../enrol.ts";
import { generateKey } from "../keys.ts";
import type { RunningPlant } from "../testing.ts";
import { roundPlant } from "../testing.ts";

let directory: string;
let plant: RunningPlant;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-enrol-"));
  plant = await (await roundPlant(directory)).start();
});
afterAll(async () => {
  await plant.stop();
  await rm(directory, { recursive: true, force: true });
});

const tokenOf = async (): Promise<string> =>
  ((await plant.admin("POST", "/v1/admin/tokens", { lifetimeS: 60 })) as { token: string }).token;
const ask = (token: string, name: string, key: Awaited<ReturnType<typeof generateKey>>) =>
  enrol({ token, device: parseName(name), key }).then(() => "IN", codeOf);

test("a token lets one device in; the same device may ask twice", async () => {
  const [token, key] = [await tokenOf(), await generateKey()];
  expect(await ask(token, "pump-1", key)).toBe("IN");
  expect(await ask(token, "pump-1", key)).toBe("IN");
  expect(await ask(token, "pump-2", await generateKey())).toBe("ENROLMENT_TOKEN_USED");
});

test("a token lets its key in under one name, also after that device was revoked", async () => {
  const [token, key] = [await tokenOf(), await generateKey()];
  expect(await ask(token, "pump-6", key)).toBe("IN");
  expect(await ask(token, "pump-7", key)).toBe("DEVICE_KEY_TAKEN");
  await plant.admin("POST", "/v1/admin/devices/pump-6/revoke");
  expect(await ask(token, "pump-7", key)).toBe("DEVICE_KEY_TAKEN");
  const fresh = await tokenOf();
  expect(await ask(fresh, "pump-7", key)).toBe("DEVICE_KEY_TAKEN");
  expect(await ask(fresh, "pump-7", await generateKey())).toBe("IN");
});

test("a taken name is refused before the token is used up", async () => {
  expect(await ask(await tokenOf(), "pump-3", await generateKey())).toBe("IN");
  const [token, key] = [await tokenOf(), await generateKey()];
  expect(await ask(token, "pump-3", key)).toBe("DEVICE_NAME_TAKEN");
  expect(await ask(token, "pump-4", key)).toBe("IN");
});

test("a revoked device stays out, under its old name and key", async () => {
  const key = await generateKey();
  expect(await ask(await tokenOf(), "pump-5", key)).toBe("IN");
  await plant.admin("POST", "/v1/admin/devices/pump-5/revoke");
  expect(await ask(await tokenOf(), "pump-5", key)).toBe("DEVICE_NAME_TAKEN");
});

test.for([
  ["", "ENVELOPE_MALFORMED"],
  ["{}", "ENVELOPE_MALFORMED"],
  ["\u0000".repeat(100), "ENVELOPE_MALFORMED"],
] as const)("garbage is refused by code", async ([body, code]) => {
  const response = await fetch(`${plant.addresses.url}/v1/enrolments`, { method: "POST", body });
  expect([response.status, await response.json()]).toMatchObject([400, { code }]);
});
