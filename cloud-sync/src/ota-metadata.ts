import type { EdgeloopError, Sha256 } from "@edgeloop/core/platform";
import { fromUtf8, isSha256, toHex } from "@edgeloop/core/platform";
import type { Key, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp } from "@tufjs/models";
import { Metadata, MetadataKind } from "@tufjs/models";

import { otaError } from "./ota-error.ts";

/** Bounds of an update: an endless answer is cut, not stored. The values are those of tuf-js. */
export const otaLimits = {
  rootBytesMax: 512_000,
  timestampBytesMax: 16_384,
  snapshotBytesMax: 2_000_000,
  targetsBytesMax: 5_000_000,
  /** Root versions that one update may climb. */
  rootRotationsMax: 256,
  /** Delegated roles that one search may visit. */
  delegationsMax: 32,
} as const;

/** Any signed part of TUF metadata. */
export type Signed = Root | Timestamp | Snapshot | Targets;

/** Reads root metadata. @throws `OTA_METADATA_INVALID` */
export const parseRoot = (bytes: Uint8Array): Metadata<Root> =>
  parsed("root", bytes, (json) => Metadata.fromJSON(MetadataKind.Root, json));

/** Reads timestamp metadata. @throws `OTA_METADATA_INVALID` */
export const parseTimestamp = (bytes: Uint8Array): Metadata<Timestamp> =>
  parsed("timestamp", bytes, (json) => Metadata.fromJSON(MetadataKind.Timestamp, json));

/** Reads snapshot metadata. @throws `OTA_METADATA_INVALID` */
export const parseSnapshot = (bytes: Uint8Array): Metadata<Snapshot> =>
  parsed("snapshot", bytes, (json) => Metadata.fromJSON(MetadataKind.Snapshot, json));

/** Reads metadata of the targets role or of a delegated one. @throws `OTA_METADATA_INVALID` */
export const parseTargets = (bytes: Uint8Array): Metadata<Targets> =>
  parsed("targets", bytes, (json) => Metadata.fromJSON(MetadataKind.Targets, json));

type JsonObject = Parameters<(typeof Metadata)["fromJSON"]>[1];

function parsed<T extends Signed>(
  role: string,
  bytes: Uint8Array,
  read: (json: JsonObject) => Metadata<T>,
): Metadata<T> {
  let metadata: Metadata<T>;
  try {
    metadata = read(JSON.parse(fromUtf8(bytes)));
  } catch (cause) {
    throw otaError("OTA_METADATA_INVALID", `expected ${role} metadata`, { role }, cause);
  }
  // The models take any number; a version of 1.5 or 1e300 would end every comparison with it.
  if (!Number.isSafeInteger(metadata.signed.version) || metadata.signed.version < 1) {
    throw otaError("OTA_METADATA_INVALID", "expected a version of at least 1", { role });
  }
  return metadata;
}

/** The keys and the threshold that a role's metadata has to meet. */
export type RoleKeys = {
  readonly keys: Readonly<Record<string, Key>>;
  readonly keyIDs: readonly string[];
  readonly threshold: number;
};

/**
 * Checks that a threshold of different keys signed (TUF 5.3.4, 5.4.2, 5.5.3, 5.6.3).
 *
 * Counts public keys, not key ids: one key listed under two ids is one signer.
 *
 * @throws `OTA_SIGNATURE_INVALID`
 */
export function checkSignatures(role: string, metadata: Metadata<Signed>, by: RoleKeys): void {
  const signers = new Set<string>();
  for (const id of by.keyIDs) {
    const key = Object.hasOwn(by.keys, id) ? by.keys[id] : undefined;
    if (key && isSignedBy(key, metadata)) signers.add(key.keyVal["public"] ?? "");
  }
  if (Number.isSafeInteger(by.threshold) && by.threshold > 0 && signers.size >= by.threshold)
    return;
  throw otaError(
    "OTA_SIGNATURE_INVALID",
    `${role} metadata must be signed by ${by.threshold} of its keys; check that the coordinator is yours`,
    { role, signatures: signers.size, threshold: by.threshold },
  );
}

function isSignedBy(key: Key, metadata: Metadata<Signed>): boolean {
  try {
    key.verifySignature(metadata);
    return true;
  } catch {
    return false; // The models throw for a missing, malformed or wrong signature alike: none of them counts.
  }
}

/**
 * Checks that expiry lies after the fixed time of the update.
 *
 * @throws `OTA_EXPIRED`
 */
export function checkExpiry(role: string, signed: Signed, nowUs: number): void {
  const expiresUs = expiryUs(signed);
  if (expiresUs > nowUs) return;
  throw otaError(
    "OTA_EXPIRED",
    `${role} metadata has expired: the coordinator is not signing, somebody withholds its updates, or the clock is wrong`,
    { role, expires: signed.expires },
  );
}

/** When metadata expires, in microseconds UTC. */
export const expiryUs = (signed: Signed): number => globalThis.Date.parse(signed.expires) * 1000;

/** Length and hashes that some signed metadata names. */
export type FileInfo = Pick<MetaFile | TargetFile, "length" | "hashes">;

/**
 * Checks content against the length and hashes that signed metadata names.
 *
 * @throws `OTA_MISMATCH`
 */
export async function checkContent(name: string, bytes: Uint8Array, info: FileInfo): Promise<void> {
  if (info.length !== undefined && info.length !== bytes.length) {
    throw mismatch(name, { expected: info.length, bytes: bytes.length });
  }
  for (const [algorithm, expected] of Object.entries(info.hashes ?? {})) {
    const known = algorithms.get(algorithm);
    if (known === undefined) throw mismatch(name, { algorithm });
    const digest = await globalThis.crypto.subtle.digest(known, Uint8Array.from(bytes));
    if (toHex(new Uint8Array(digest)) !== expected) throw mismatch(name, { algorithm, expected });
  }
}

const algorithms: ReadonlyMap<string, string> = new Map([
  ["sha256", "SHA-256"],
  ["sha384", "SHA-384"],
  ["sha512", "SHA-512"],
]);

/** The SHA-256 that metadata gives for a target. @throws `OTA_METADATA_INVALID` when it gives none. */
export function sha256OfTarget(target: TargetFile): Sha256 {
  const sha256 = target.hashes["sha256"];
  if (isSha256(sha256)) return sha256;
  throw otaError("OTA_METADATA_INVALID", "expected a SHA-256 for every target", {
    target: target.path,
  });
}

const mismatch = (name: string, details: Readonly<Record<string, unknown>>): EdgeloopError =>
  otaError("OTA_MISMATCH", `${name} is not the file that signed metadata names`, {
    name,
    ...details,
  });
