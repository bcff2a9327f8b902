import { sha256 } from "@edgeloop/core/platform";
import { beforeAll, expect, test } from "vitest";

import type { SigningKey } from "./keys.ts";
import { generateKey } from "./keys.ts";
import { signRoot, signSnapshot, signTargets, signTimestamp } from "./ota-sign.ts";
import type { TrustedSet } from "./ota-verify.ts";
import {
  beginUpdate,
  checkRoot,
  freshnessKeysRotated,
  namedInSnapshot,
  restoreSnapshot,
  restoreTimestamp,
  signedTargets,
  updateRoot,
  updateSnapshot,
  updateTargets,
  updateTimestamp,
} from "./ota-verify.ts";

const nowUs = 1_800_000_000_000_000;
const term = (version: number, expiresUs = nowUs + 1_000_000) => ({ version, expiresUs });

let offline: SigningKey;
let online: SigningKey;
let other: SigningKey;
let root: Uint8Array;
beforeAll(async () => {
  [offline, online, other] = await Promise.all([generateKey(), generateKey(), generateKey()]);
  root = await signRoot(keys(), term(1), [offline]);
});

const keys = (fresh = online) => ({
  root: [offline],
  targets: [offline],
  snapshot: [fresh],
  timestamp: [fresh],
});

type Versions = {
  readonly targets?: number;
  readonly snapshot?: number;
  readonly timestamp?: number;
  /** Expiry of every file. */
  readonly expiresUs?: number;
  readonly signers?: readonly SigningKey[];
  readonly roles?: readonly string[];
};

/** One consistent set of files. */
async function published(versions: Versions = {}) {
  const {
    targets: t = 1,
    snapshot: s = 1,
    timestamp: v = 1,
    expiresUs,
    signers = [online],
  } = versions;
  const targets = await signTargets({ targets: new Map() }, term(t, expiresUs), [offline]);
  const named = async (bytes: Uint8Array, version: number) => ({
    version,
    bytes: bytes.length,
    sha256: await sha256(bytes),
  });
  const meta = await named(targets, t);
  const roles = versions.roles ?? ["targets.json"];
  const snapshot = await signSnapshot(
    new Map(roles.map((file) => [file, meta])),
    term(s, expiresUs),
    signers,
  );
  const timestamp = await signTimestamp(await named(snapshot, s), term(v, expiresUs), signers);
  return { targets, snapshot, timestamp };
}

const start = (): TrustedSet => beginUpdate(root, nowUs);
async function updated(versions: Versions = {}, from = start()): Promise<TrustedSet> {
  const files = await published(versions);
  const stamped = updateTimestamp(from, files.timestamp);
  return updateTargets(await updateSnapshot(stamped, files.snapshot), files.targets);
}
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

test("a consistent set is trusted, and a newer one after it", async () => {
  const first = await updated();
  const second = await updated({ targets: 2, snapshot: 2, timestamp: 2 }, first);
  expect(second.targets.get("targets")?.signed.version).toBe(2);
  expect(first.targets.get("targets")?.signed.version).toBe(1);
});

test("5.2: a root that does not sign itself is none", async () => {
  const forged = await signRoot(keys(), term(1), [other]);
  expect(() => beginUpdate(forged, nowUs)).toThrow(code("OTA_SIGNATURE_INVALID"));
});

test("5.3.4: root N+1 needs the keys of N and its own", async () => {
  const next = { ...keys(), root: [other] };
  const both = await signRoot(next, term(2), [offline, other]);
  expect(updateRoot(start(), both).root.signed.version).toBe(2);
  for (const signers of [[offline], [other]]) {
    const half = await signRoot(next, term(2), signers);
    expect(() => updateRoot(start(), half)).toThrow(code("OTA_SIGNATURE_INVALID"));
  }
});

test.for([0, 1, 3])("5.3.5: after root 1 comes root 2, not %i", async (version) => {
  const next = await signRoot(keys(), term(Math.max(1, version)), [offline]);
  expect(() => updateRoot(start(), next)).toThrow(code("OTA_ROLLBACK"));
});

test("5.3.6 and 5.3.10: an intermediate root may have expired, the last one may not", async () => {
  const expired = updateRoot(start(), await signRoot(keys(), term(2, nowUs), [offline]));
  expect(() => checkRoot(expired)).toThrow(code("OTA_EXPIRED"));
  const fresh = updateRoot(expired, await signRoot(keys(), term(3), [offline]));
  expect(() => checkRoot(fresh)).not.toThrow();
});

test("5.3.11: a rotation of the online key is noticed, one of the offline key is not it", async () => {
  const rotated = updateRoot(start(), await signRoot(keys(other), term(2), [offline]));
  expect(freshnessKeysRotated(start(), rotated)).toBe(true);
  const root2 = { ...keys(), targets: [other] };
  const kept = updateRoot(start(), await signRoot(root2, term(2), [offline]));
  expect(freshnessKeysRotated(start(), kept)).toBe(false);
});

test("5.4.2, 5.5.3, 5.6.3: each role needs its own key", async () => {
  const forged = await published({ signers: [other] });
  expect(() => updateTimestamp(start(), forged.timestamp)).toThrow(code("OTA_SIGNATURE_INVALID"));
  expect(() => restoreSnapshot(start(), forged.snapshot)).toThrow(code("OTA_SIGNATURE_INVALID"));
  const targets = await signTargets({ targets: new Map() }, term(1), [online]);
  expect(() => signedTargets(start(), targets)).toThrow(code("OTA_SIGNATURE_INVALID"));
});

test("5.4.3.1: a lower timestamp is an attack, an equal one is normal", async () => {
  const trusted = await updated({ timestamp: 5 });
  const lower = await published({ timestamp: 4 });
  expect(() => updateTimestamp(trusted, lower.timestamp)).toThrow(code("OTA_ROLLBACK"));
  const equal = await published({ timestamp: 5 });
  expect(updateTimestamp(trusted, equal.timestamp)).toBe(trusted);
});

test("5.4.3.2: a timestamp may not name an older snapshot", async () => {
  const trusted = await updated({ timestamp: 5, snapshot: 5 });
  const older = await published({ timestamp: 6, snapshot: 4 });
  expect(() => updateTimestamp(trusted, older.timestamp)).toThrow(code("OTA_ROLLBACK"));
});

test("5.4.4: an expired timestamp is refused, new or kept, but serves to notice a rollback", async () => {
  const old = await published({ timestamp: 5, expiresUs: nowUs });
  expect(() => updateTimestamp(start(), old.timestamp)).toThrow(code("OTA_EXPIRED"));
  const restored = restoreTimestamp(start(), old.timestamp);
  expect(() => updateTimestamp(restored, old.timestamp)).toThrow(code("OTA_EXPIRED"));
  const lower = await published({ timestamp: 4 });
  expect(() => updateTimestamp(restored, lower.timestamp)).toThrow(code("OTA_ROLLBACK"));
});

test("5.5.2 and 5.6.2: files of two publications do not mix", async () => {
  const [one, two] = [
    await published(),
    await published({ snapshot: 1, expiresUs: nowUs + 2_000_000 }),
  ];
  const stamped = updateTimestamp(start(), one.timestamp);
  await expect(updateSnapshot(stamped, two.snapshot)).rejects.toThrow(code("OTA_MISMATCH"));
  const snapped = await updateSnapshot(stamped, one.snapshot);
  await expect(updateTargets(snapped, two.targets)).rejects.toThrow(code("OTA_MISMATCH"));
});

test("5.5.4 and 5.6.4: the version must be the one that is named, even where no hash is", async () => {
  const files = await published({ snapshot: 2 });
  const stamped = updateTimestamp(start(), files.timestamp);
  const meta = stamped.timestamp?.signed.snapshotMeta;
  if (!meta) throw new Error("no snapshot");
  const lie = Object.assign(Object.create(Object.getPrototypeOf(meta)), { version: 3 });
  Object.assign(stamped.timestamp?.signed ?? {}, { snapshotMeta: lie });
  await expect(updateSnapshot(stamped, files.snapshot)).rejects.toThrow(code("OTA_MISMATCH"));
});

test("5.5.5: a role neither goes back nor vanishes", async () => {
  const trusted = await updated({ targets: 5, roles: ["targets.json", "rounds-pumps.json"] });
  const back = updated({ targets: 4, snapshot: 2, timestamp: 2 }, trusted);
  await expect(back).rejects.toThrow(code("OTA_ROLLBACK"));
  const gone = updated({ targets: 5, snapshot: 2, timestamp: 2, roles: ["targets.json"] }, trusted);
  await expect(gone).rejects.toThrow(code("OTA_ROLLBACK"));
});

test("5.5.6 and 5.6.5: expired snapshot and targets are refused", async () => {
  const old = await published({ expiresUs: nowUs });
  const stamped = restoreTimestamp(start(), old.timestamp);
  await expect(updateSnapshot(stamped, old.snapshot)).rejects.toThrow(code("OTA_EXPIRED"));
  const snapped = restoreSnapshot(stamped, old.snapshot);
  await expect(updateTargets(snapped, old.targets)).rejects.toThrow(code("OTA_EXPIRED"));
});

test("5.6.7.2: a delegated role needs a delegation, its key and its place in the snapshot", async () => {
  const delegated = await signTargets({ targets: new Map() }, term(1), [online]);
  const delegations = [{ role: "rounds-pumps", paths: ["rounds/pumps/*"], keys: [online] }];
  const targets = await signTargets({ targets: new Map(), delegations }, term(1), [offline]);
  const named = async (bytes: Uint8Array) => ({
    version: 1,
    bytes: bytes.length,
    sha256: await sha256(bytes),
  });
  const meta = new Map([
    ["targets.json", await named(targets)],
    ["rounds-pumps.json", await named(delegated)],
    ["stray.json", await named(delegated)],
  ]);
  const snapshot = await signSnapshot(meta, term(1), [online]);
  const timestamp = await signTimestamp(await named(snapshot), term(1), [online]);
  const set = await updateTargets(
    await updateSnapshot(updateTimestamp(start(), timestamp), snapshot),
    targets,
  );
  const role = { role: "rounds-pumps", delegator: "targets" };
  const trusted = await updateTargets(set, delegated, role);
  expect(trusted.delegators.get("rounds-pumps")).toBe("targets");
  const stray = updateTargets(set, delegated, { role: "stray", delegator: "targets" });
  await expect(stray).rejects.toThrow(code("OTA_SIGNATURE_INVALID"));
  expect(() => namedInSnapshot(set, "missing")).toThrow(code("OTA_METADATA_MISSING"));
  expect(() => namedInSnapshot(set, "constructor")).toThrow(code("OTA_METADATA_MISSING"));
});
