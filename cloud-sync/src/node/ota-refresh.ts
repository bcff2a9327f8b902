import { otaError } from "../ota-error.ts";
import { otaLimits } from "../ota-metadata.ts";
import { metadataFile } from "../ota-names.ts";
import type { RepositoryFetch } from "../ota-repository.ts";
import { readWhole } from "../ota-repository.ts";
import type { TargetsRole, TrustedSet } from "../ota-verify.ts";
import {
  beginUpdate,
  checkRoot,
  freshnessKeysRotated,
  namedInSnapshot,
  restoreSnapshot,
  restoreTimestamp,
  updateRoot,
  updateSnapshot,
  updateTargets,
  updateTimestamp,
} from "../ota-verify.ts";
import type { OtaStore } from "./ota-store.ts";

/** What an update reads from and writes to. */
export type RefreshPorts = {
  readonly fetch: RepositoryFetch;
  readonly store: OtaStore;
  /** Root that came with enrolment: the first one trusted, and the last resort. */
  readonly trustedRoot: Uint8Array;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Brings the top-level roles up to date (TUF 5.1 to 5.6.6). Every role is written as soon as it is verified.
 *
 * @param nowUs The fixed time of this update.
 * @throws What the steps of `ota-verify` throw, `OTA_METADATA_MISSING`, `OTA_TOO_LARGE`; what was trusted before stands.
 */
export async function refreshMetadata(ports: RefreshPorts, nowUs: number): Promise<TrustedSet> {
  const start = await loadRoot(ports, nowUs);
  const rooted = await climbRoots(ports, start);
  checkRoot(rooted);
  const stamped = await refreshTimestamp(ports, rooted);
  const snapped = await refreshSnapshot(ports, stamped);
  return await refreshTargets(ports, snapped);
}

// TUF 5.2. A damaged root on disk must not stop every later start: the factory's is still there.
async function loadRoot({ store, trustedRoot }: RefreshPorts, nowUs: number): Promise<TrustedSet> {
  const factory = beginUpdate(trustedRoot, nowUs);
  const stored = await store.read("root", (bytes) => beginUpdate(bytes, nowUs));
  return stored && stored.root.signed.version > factory.root.signed.version ? stored : factory;
}

// TUF 5.3
async function climbRoots(ports: RefreshPorts, start: TrustedSet): Promise<TrustedSet> {
  let trusted = start;
  for (let step = 0; step < otaLimits.rootRotationsMax; step += 1) {
    const file = metadataFile("root", trusted.root.signed.version + 1);
    const bytes = await read(ports, file, otaLimits.rootBytesMax);
    if (!bytes) return trusted;
    const next = updateRoot(trusted, bytes);
    // 5.3.11, before the root is written: after a cut in between it is done again.
    if (freshnessKeysRotated(trusted, next)) {
      await ports.store.forget("timestamp");
      await ports.store.forget("snapshot");
    }
    await ports.store.write("root", bytes);
    trusted = next;
  }
  throw otaError("OTA_ROTATIONS_EXCEEDED", "the repository has more roots than one update climbs", {
    rootRotationsMax: otaLimits.rootRotationsMax,
  });
}

// TUF 5.4
async function refreshTimestamp(ports: RefreshPorts, rooted: TrustedSet): Promise<TrustedSet> {
  const before =
    (await ports.store.read("timestamp", (b) => restoreTimestamp(rooted, b))) ?? rooted;
  const bytes = await need(ports, "timestamp.json", otaLimits.timestampBytesMax);
  const after = updateTimestamp(before, bytes);
  if (after !== before) await ports.store.write("timestamp", bytes);
  return after;
}

// TUF 5.5
async function refreshSnapshot(ports: RefreshPorts, stamped: TrustedSet): Promise<TrustedSet> {
  const held = await ports.store.read("snapshot", (content) => ({
    bytes: content,
    set: restoreSnapshot(stamped, content),
  }));
  const current = held && (await unlessRefused(() => updateSnapshot(stamped, held.bytes)));
  if (current) return current;
  const named = stamped.timestamp?.signed.snapshotMeta;
  const bytesMax = named?.length ?? otaLimits.snapshotBytesMax;
  const bytes = await need(ports, versioned(stamped, "snapshot", named?.version), bytesMax);
  const after = await updateSnapshot(held?.set ?? stamped, bytes);
  await ports.store.write("snapshot", bytes);
  return after;
}

/**
 * Brings a targets role up to date (TUF 5.6.1 to 5.6.6), the top-level one or a delegated one.
 *
 * @throws What `updateTargets` throws, `OTA_METADATA_MISSING`, `OTA_TOO_LARGE`
 */
export async function refreshTargets(
  ports: RefreshPorts,
  trusted: TrustedSet,
  role: TargetsRole = { role: "targets", delegator: "root" },
): Promise<TrustedSet> {
  const held = await ports.store.read(role.role, (content) => content);
  // What is on disk goes through the same checks as what comes over the wire, against the delegator of this very update.
  const current = held && (await unlessRefused(() => updateTargets(trusted, held, role)));
  if (current) return current;
  const named = namedInSnapshot(trusted, role.role);
  const bytesMax = named.length ?? otaLimits.targetsBytesMax;
  const bytes = await need(ports, versioned(trusted, role.role, named.version), bytesMax);
  const after = await updateTargets(trusted, bytes, role);
  await ports.store.write(role.role, bytes);
  return after;
}

const versioned = (trusted: TrustedSet, role: string, version: number | undefined): string =>
  metadataFile(role, trusted.root.signed.consistentSnapshot ? version : undefined);

const read = (
  { fetch, signal }: RefreshPorts,
  file: string,
  bytesMax: number,
): Promise<Uint8Array | undefined> =>
  readWhole(fetch, `metadata/${file}`, { bytesMax, ...(signal ? { signal } : {}) });

async function need(ports: RefreshPorts, file: string, bytesMax: number): Promise<Uint8Array> {
  const bytes = await read(ports, file, bytesMax);
  if (bytes) return bytes;
  throw otaError("OTA_METADATA_MISSING", `the repository has no ${file}`, { file });
}

/** Whatever the reason for which a file on disk is refused, the answer is to fetch it. */
async function unlessRefused<T>(check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch {
    return undefined;
  }
}
