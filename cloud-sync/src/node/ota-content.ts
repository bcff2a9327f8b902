import { manifestBytesMax, parseManifest } from "@edgeloop/core/bundle";
import type { BlobStore } from "@edgeloop/core/platform";
import { hasCode } from "@edgeloop/core/platform";
import type { TargetFile } from "@tufjs/models";

import type { SignedBundle } from "../ota-chain.ts";
import { otaError } from "../ota-error.ts";
import type { Line } from "../ota-line.ts";
import { lineBytesMax, parseLine } from "../ota-line.ts";
import { checkContent, sha256OfTarget } from "../ota-metadata.ts";
import { lineTarget, parseManifestTarget, targetFile } from "../ota-names.ts";
import { readWhole } from "../ota-repository.ts";
import type { TrustedSet } from "../ota-verify.ts";
import type { RefreshPorts } from "./ota-refresh.ts";
import type { FoundTarget } from "./ota-search.ts";
import { findTarget } from "./ota-search.ts";

/** Where signed content comes from, and where it is kept. */
export type Reading = { readonly ports: RefreshPorts; readonly blobs: BlobStore };

/** Reads the line that the offline key signed. @throws `LINE_UNKNOWN`, `LINE_INVALID`, `BUNDLE_TAMPERED` */
export async function readLine(reading: Reading, trusted: TrustedSet, name: string): Promise<Line> {
  try {
    const found = await findTarget(reading.ports, trusted, lineTarget(name));
    return parseLine(await readTarget(reading, found, lineBytesMax));
  } catch (cause) {
    if (!hasCode(cause, "OTA_TARGET_UNKNOWN")) throw cause;
    throw otaError("LINE_UNKNOWN", `the offline key signed no line ${name}`, { line: name }, cause);
  }
}

/**
 * Reads a manifest, which must be of the line and version that its name says.
 *
 * @throws `BUNDLE_TAMPERED`, `BUNDLE_MANIFEST_INVALID`, `BUNDLE_FORMAT_UNSUPPORTED`, `LINE_MISMATCH`
 */
export async function readBundle(reading: Reading, found: FoundTarget): Promise<SignedBundle> {
  const bytes = await readTarget(reading, found, manifestBytesMax);
  const manifest = parseManifest(bytes);
  const named = parseManifestTarget(found.target.path);
  if (named?.line !== manifest.line || named.version !== manifest.version) {
    throw otaError("LINE_MISMATCH", "the manifest is of another line or version than its name", {
      target: found.target.path,
      line: manifest.line,
      version: manifest.version,
    });
  }
  // Whatever stands in top-level targets has the offline signature, whatever its path.
  const kind = found.role === "targets" ? "release" : "round";
  return { manifest, sha256: sha256OfTarget(found.target), kind };
}

/** Reads a target's content (TUF 5.7) and keeps it among the blobs. */
async function readTarget(
  { ports: { fetch, signal }, blobs }: Reading,
  { target, trusted }: FoundTarget,
  bytesMax: number,
): Promise<Uint8Array> {
  const sha256 = sha256OfTarget(target);
  if (await blobs.has(sha256)) {
    const held = await unlessDamaged(() => blobs.get(sha256));
    if (held) return held;
  }
  if (target.length > bytesMax) {
    throw otaError("OTA_TOO_LARGE", `${target.path} holds more than ${bytesMax} bytes`, {
      path: target.path,
    });
  }
  const path = trusted.root.signed.consistentSnapshot
    ? targetFile(target.path, sha256)
    : `targets/${target.path}`;
  // 5.7.3: no more than the signed length is read.
  const limit = { bytesMax: target.length, ...(signal ? { signal } : {}) };
  const bytes = await readWhole(fetch, path, limit);
  if (!bytes) throw otaError("OTA_METADATA_MISSING", `the repository has no ${path}`, { path });
  await checkTarget(target, bytes);
  await blobs.put(bytes);
  return bytes;
}

async function checkTarget(target: TargetFile, bytes: Uint8Array): Promise<void> {
  try {
    await checkContent(target.path, bytes, target);
  } catch (cause) {
    throw otaError("BUNDLE_TAMPERED", `${target.path} is not what was signed`, {}, cause);
  }
}

async function unlessDamaged(read: () => Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await read();
  } catch (error) {
    if (hasCode(error, "BLOB_MISMATCH") || hasCode(error, "BLOB_MISSING")) return undefined;
    throw error;
  }
}
