import type { Metadata, Root, Snapshot, Targets, Timestamp } from "@tufjs/models";
import { otaError } from "./ota-error.ts";
import type { RoleKeys } from "./ota-metadata.ts";
import {
  checkContent,
  checkExpiry,
  checkSignatures,
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
} from "./ota-metadata.ts";
import { metadataFile } from "./ota-names.ts";

/**
 * What one update trusts so far. An immutable value: every step returns the next one or throws, and whoever called keeps
 * the old one.
 *
 * The steps stand in the order of section 5 of the TUF specification (1.0.35); comments give its numbers.
 */
export type TrustedSet = {
  /** Fixed at the start (TUF 5.1), so that a slow mirror cannot move time during an update. */
  readonly nowUs: number;
  readonly root: Metadata<Root>;
  readonly timestamp?: Metadata<Timestamp>;
  readonly snapshot?: Metadata<Snapshot>;
  /** By role: `targets` and delegated ones, each verified against a delegator in this very update. */
  readonly targets: ReadonlyMap<string, Metadata<Targets>>;
  /** By role, the delegator that it was verified against: another one may trust other keys. */
  readonly delegators: ReadonlyMap<string, string>;
};

/**
 * Starts an update (TUF 5.1, 5.2) from a root that is trusted already.
 *
 * The root must be signed by itself: that is its checksum on disk.
 *
 * @throws `OTA_METADATA_INVALID`, `OTA_SIGNATURE_INVALID`
 */
export function beginUpdate(rootBytes: Uint8Array, nowUs: number): TrustedSet {
  const root = parseRoot(rootBytes);
  checkSignatures("root", root, rootKeys(root, "root"));
  return { nowUs, root, targets: new Map(), delegators: new Map() };
}

/**
 * Climbs from root N to root N+1 (TUF 5.3.4 to 5.3.7).
 *
 * @throws `OTA_METADATA_INVALID`, `OTA_SIGNATURE_INVALID`, `OTA_ROLLBACK`
 */
export function updateRoot(trusted: TrustedSet, bytes: Uint8Array): TrustedSet {
  const root = parseRoot(bytes);
  // 5.3.4: by a threshold of the old keys and by a threshold of its own.
  checkSignatures("root", root, rootKeys(trusted.root, "root"));
  checkSignatures("root", root, rootKeys(root, "root"));
  // 5.3.5: exactly one step, so that no intermediate root can be skipped.
  checkVersion("root", { expected: trusted.root.signed.version + 1, offered: root.signed.version });
  // 5.3.6: the expiry of an intermediate root does not matter.
  return { nowUs: trusted.nowUs, root, targets: new Map(), delegators: new Map() };
}

/** Checks the last root for a freeze attack (TUF 5.3.10). @throws `OTA_EXPIRED` */
export const checkRoot = (trusted: TrustedSet): void =>
  checkExpiry("root", trusted.root.signed, trusted.nowUs);

/**
 * Tells whether the keys of timestamp or snapshot differ between two roots (TUF 5.3.11): then what is trusted of both
 * roles is forgotten, to recover from a fast-forward attack.
 */
export function freshnessKeysRotated(before: TrustedSet, after: TrustedSet): boolean {
  return ["timestamp", "snapshot"].some((role) => {
    const ids = (set: TrustedSet): string =>
      set.root.signed.roles[role]?.keyIDs.toSorted().join() ?? "";
    return ids(before) !== ids(after);
  });
}

/**
 * Reads the timestamp that an earlier update trusted: it may have expired, and serves to notice a rollback.
 *
 * @throws `OTA_METADATA_INVALID`, `OTA_SIGNATURE_INVALID`
 */
export function restoreTimestamp(trusted: TrustedSet, bytes: Uint8Array): TrustedSet {
  const timestamp = parseTimestamp(bytes);
  checkSignatures("timestamp", timestamp, rootKeys(trusted.root, "timestamp"));
  return { ...trusted, timestamp };
}

/**
 * Takes a new timestamp (TUF 5.4). One of the same version changes nothing, which is normal.
 *
 * @throws `OTA_METADATA_INVALID`, `OTA_SIGNATURE_INVALID`, `OTA_ROLLBACK`, `OTA_EXPIRED`
 */
export function updateTimestamp(trusted: TrustedSet, bytes: Uint8Array): TrustedSet {
  // 5.4.2
  const { timestamp } = restoreTimestamp(trusted, bytes);
  if (!timestamp) return trusted;
  const before = trusted.timestamp;
  if (before) {
    // 5.4.3.1
    checkNotLower("timestamp", before.signed.version, timestamp.signed.version);
    if (before.signed.version === timestamp.signed.version) {
      checkExpiry("timestamp", before.signed, trusted.nowUs);
      return trusted;
    }
    // 5.4.3.2
    checkNotLower(
      "snapshot",
      before.signed.snapshotMeta.version,
      timestamp.signed.snapshotMeta.version,
    );
  }
  // 5.4.4
  checkExpiry("timestamp", timestamp.signed, trusted.nowUs);
  return { ...trusted, timestamp };
}

/**
 * Reads the snapshot that an earlier update trusted, to compare the next one with.
 *
 * @throws `OTA_METADATA_INVALID`, `OTA_SIGNATURE_INVALID`
 */
export function restoreSnapshot(trusted: TrustedSet, bytes: Uint8Array): TrustedSet {
  const snapshot = parseSnapshot(bytes);
  checkSignatures("snapshot", snapshot, rootKeys(trusted.root, "snapshot"));
  return { ...trusted, snapshot };
}

/**
 * Takes the snapshot that the timestamp names (TUF 5.5).
 *
 * @throws `OTA_MISMATCH`, `OTA_METADATA_INVALID`, `OTA_SIGNATURE_INVALID`, `OTA_ROLLBACK`, `OTA_EXPIRED`
 */
export async function updateSnapshot(trusted: TrustedSet, bytes: Uint8Array): Promise<TrustedSet> {
  const named = timestampOf(trusted).signed.snapshotMeta;
  // 5.5.2
  await checkContent("snapshot", bytes, named);
  // 5.5.3
  const { snapshot } = restoreSnapshot(trusted, bytes);
  if (!snapshot) return trusted;
  // 5.5.4
  checkNamedVersion("snapshot", named.version, snapshot.signed.version);
  // 5.5.5: a role may neither go back nor vanish, or an attacker could hide an update.
  for (const [file, meta] of Object.entries(trusted.snapshot?.signed.meta ?? {})) {
    const offered = Object.hasOwn(snapshot.signed.meta, file)
      ? snapshot.signed.meta[file]
      : undefined;
    if (!offered) throw otaError("OTA_ROLLBACK", `${file} vanished from the snapshot`, { file });
    checkNotLower(file, meta.version, offered.version);
  }
  // 5.5.6
  checkExpiry("snapshot", snapshot.signed, trusted.nowUs);
  return { ...trusted, snapshot };
}

/** A role and who delegates to it: `root` for the top-level targets. */
export type TargetsRole = { readonly role: string; readonly delegator: string };

/**
 * Takes the metadata of the targets role (TUF 5.6) or of a delegated one (TUF 5.6.7.2), verified against the delegator
 * as this update knows it.
 *
 * @throws `OTA_METADATA_MISSING` when the snapshot does not list the role, `OTA_MISMATCH`, `OTA_METADATA_INVALID`,
 * `OTA_SIGNATURE_INVALID`, `OTA_EXPIRED`
 */
export async function updateTargets(
  trusted: TrustedSet,
  bytes: Uint8Array,
  { role, delegator }: TargetsRole = { role: "targets", delegator: "root" },
): Promise<TrustedSet> {
  const named = namedInSnapshot(trusted, role);
  // 5.6.2
  await checkContent(role, bytes, named);
  const targets = parseTargets(bytes);
  // 5.6.3
  const keys =
    delegator === "root"
      ? rootKeys(trusted.root, role)
      : delegatedKeys(trusted, { role, delegator });
  checkSignatures(role, targets, keys);
  // 5.6.4
  checkNamedVersion(role, named.version, targets.signed.version);
  // 5.6.5
  checkExpiry(role, targets.signed, trusted.nowUs);
  return {
    ...trusted,
    targets: new Map(trusted.targets).set(role, targets),
    delegators: new Map(trusted.delegators).set(role, delegator),
  };
}

/**
 * Reads top-level targets by their signature alone: for whoever publishes them, before any snapshot names them.
 *
 * @throws `OTA_METADATA_INVALID`, `OTA_SIGNATURE_INVALID`
 */
export function signedTargets(trusted: TrustedSet, bytes: Uint8Array): Metadata<Targets> {
  const targets = parseTargets(bytes);
  checkSignatures("targets", targets, rootKeys(trusted.root, "targets"));
  return targets;
}

/** What the trusted snapshot says of a role's metadata. @throws `OTA_METADATA_MISSING` */
export function namedInSnapshot(trusted: TrustedSet, role: string): Snapshot["meta"][string] {
  const meta = trusted.snapshot?.signed.meta ?? {};
  // Metadata names roles as they are; only file names are escaped.
  const named = Object.hasOwn(meta, `${role}.json`) ? meta[`${role}.json`] : undefined;
  if (named) return named;
  throw otaError("OTA_METADATA_MISSING", `the snapshot does not list ${metadataFile(role)}`, {
    role,
  });
}

function timestampOf(trusted: TrustedSet): Metadata<Timestamp> {
  if (trusted.timestamp) return trusted.timestamp;
  throw otaError("OTA_METADATA_MISSING", "a snapshot is read after its timestamp");
}

function rootKeys(root: Metadata<Root>, role: string): RoleKeys {
  const { keys, roles } = root.signed;
  const found = Object.hasOwn(roles, role) ? roles[role] : undefined;
  if (found) return { keys, keyIDs: found.keyIDs, threshold: found.threshold };
  throw otaError("OTA_METADATA_INVALID", `the root has no role ${role}`, { role });
}

function delegatedKeys(trusted: TrustedSet, { role, delegator }: TargetsRole): RoleKeys {
  const delegations = trusted.targets.get(delegator)?.signed.delegations;
  const roles = delegations?.roles ?? {};
  const found =
    (Object.hasOwn(roles, role) ? roles[role] : undefined) ??
    (delegations?.succinctRoles?.isDelegatedRole(role) ? delegations.succinctRoles : undefined);
  if (delegations && found) {
    return { keys: delegations.keys, keyIDs: found.keyIDs, threshold: found.threshold };
  }
  throw otaError("OTA_SIGNATURE_INVALID", `${delegator} does not delegate to ${role}`, { role });
}

function checkVersion(
  role: string,
  { expected, offered }: { readonly expected: number; readonly offered: number },
): void {
  if (expected === offered) return;
  throw otaError("OTA_ROLLBACK", `expected version ${expected} of ${role}`, {
    role,
    expected,
    offered,
  });
}

function checkNotLower(role: string, trusted: number, offered: number): void {
  if (offered >= trusted) return;
  throw otaError("OTA_ROLLBACK", `${role} went back from version ${trusted} to ${offered}`, {
    role,
    trusted,
    offered,
  });
}

function checkNamedVersion(role: string, named: number, offered: number): void {
  if (named === offered) return;
  throw otaError("OTA_MISMATCH", `${role} has not the version that signed metadata names`, {
    role,
    named,
    offered,
  });
}
