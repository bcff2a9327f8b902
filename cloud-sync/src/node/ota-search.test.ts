import { sha256, silentLog, utf8 } from "@edgeloop/core/platform";
import { crashFileSystem } from "@edgeloop/core/testing";
import { beforeAll, expect, test } from "vitest";
import type { SigningKey } from "../keys.ts";
import { generateKey } from "../keys.ts";
import { otaLimits } from "../ota-metadata.ts";
import type { Delegation } from "../ota-sign.ts";
import { signRoot, signSnapshot, signTargets, signTimestamp } from "../ota-sign.ts";
import { inChunks } from "../testing/ota-plant.ts";
import type { RefreshPorts } from "./ota-refresh.ts";
import { refreshMetadata } from "./ota-refresh.ts";
import { findTarget, loadDelegated } from "./ota-search.ts";
import { openOtaStore } from "./ota-store.ts";

const nowUs = 1_800_000_000_000_000;
const term = { version: 1, expiresUs: nowUs + 1_000_000 };
let key: SigningKey;
let other: SigningKey;
beforeAll(async () => {
  [key, other] = await Promise.all([generateKey(), generateKey()]);
});

type Role = {
  readonly targets?: readonly string[];
  readonly delegates?: readonly string[];
  readonly signer?: SigningKey;
};

/** A repository of roles that delegate every path to others. */
async function repository(roles: Readonly<Record<string, Role>>): Promise<RefreshPorts> {
  const files = new Map<string, Uint8Array>();
  const meta = new Map<
    string,
    { version: number; bytes: number; sha256: Awaited<ReturnType<typeof sha256>> }
  >();
  const content = { bytes: 1, sha256: await sha256(utf8("x")) };
  for (const [role, { targets = [], delegates = [], signer = key }] of Object.entries(roles)) {
    const delegations = delegates.map(
      (name): Delegation => ({ role: name, paths: ["*", "*/*"], keys: [key] }),
    );
    const named = new Map(targets.map((path) => [path, content] as const));
    const bytes = await signTargets({ targets: named, delegations }, term, [signer]);
    files.set(`metadata/1.${role}.json`, bytes);
    meta.set(`${role}.json`, { version: 1, bytes: bytes.length, sha256: await sha256(bytes) });
  }
  const snapshot = await signSnapshot(meta, term, [key]);
  files.set("metadata/1.snapshot.json", snapshot);
  const named = { version: 1, bytes: snapshot.length, sha256: await sha256(snapshot) };
  files.set("metadata/timestamp.json", await signTimestamp(named, term, [key]));
  const keys = { root: [key], targets: [key], snapshot: [key], timestamp: [key] };
  const fileSystem = crashFileSystem();
  return {
    trustedRoot: await signRoot(keys, term, [key]),
    store: await openOtaStore("/d", { fileSystem, log: silentLog }),
    fetch: ({ path }) => {
      const bytes = files.get(path);
      return Promise.resolve(bytes && { fromByte: 0, content: inChunks(bytes) });
    },
  };
}
async function find(roles: Readonly<Record<string, Role>>, path: string) {
  const ports = await repository(roles);
  return findTarget(ports, await refreshMetadata(ports, nowUs), path);
}

test("top-level targets come first, then delegated roles in depth", async () => {
  const roles = {
    targets: { targets: ["a"], delegates: ["one"] },
    one: { targets: ["a", "b"], delegates: ["two"] },
    two: { targets: ["c"] },
  };
  expect((await find(roles, "a")).role).toBe("targets");
  expect((await find(roles, "b")).role).toBe("one");
  expect((await find(roles, "c")).role).toBe("two");
});

test("a terminating delegation ends the search behind it", async () => {
  const roles = {
    targets: { delegates: ["one", "two"] },
    one: {},
    two: { targets: ["a"] },
  };
  await expect(find(roles, "a")).rejects.toMatchObject({ code: "OTA_TARGET_UNKNOWN" });
});

test("delegations in circles, and chains without end, stop", async () => {
  const circle = { targets: { delegates: ["one"] }, one: { delegates: ["one"] } };
  await expect(find(circle, "a")).rejects.toMatchObject({ code: "OTA_TARGET_UNKNOWN" });
  const depth = otaLimits.delegationsMax + 3;
  const names = ["targets", ...Array.from({ length: depth }, (_, index) => `role-${index}`)];
  const chain = Object.fromEntries(
    names.map((name, index): [string, Role] => [
      name,
      names[index + 1] ? { delegates: [names[index + 1] ?? ""] } : { targets: ["a"] },
    ]),
  );
  await expect(find(chain, "a")).rejects.toMatchObject({ code: "OTA_TARGET_UNKNOWN" });
});

test("a role that another key signed is refused; one that signed nothing yet is passed over", async () => {
  const forged = { targets: { delegates: ["one"] }, one: { targets: ["a"], signer: other } };
  await expect(find(forged, "a")).rejects.toMatchObject({ code: "OTA_SIGNATURE_INVALID" });
  const unsigned = { targets: { delegates: ["one"] } };
  await expect(find(unsigned, "a")).rejects.toMatchObject({ code: "OTA_TARGET_UNKNOWN" });
});

test("names that every object inherits are no targets", async () => {
  await expect(find({ targets: {} }, "constructor")).rejects.toMatchObject({
    code: "OTA_TARGET_UNKNOWN",
  });
});

test("a delegated role is loaded once, and a missing one leaves everything as it is", async () => {
  const ports = await repository({ targets: { delegates: ["one"] }, one: { targets: ["a"] } });
  const trusted = await refreshMetadata(ports, nowUs);
  const loaded = await loadDelegated(ports, trusted, "one");
  expect(Object.keys(loaded.targets.get("one")?.signed.targets ?? {})).toEqual(["a"]);
  expect(await loadDelegated(ports, loaded, "one")).toBe(loaded);
  expect(await loadDelegated(ports, trusted, "two")).toBe(trusted);
});
