import { join } from "node:path";

import type { BlobRef, BlobStore, Clock, Rng } from "@edgeloop/core/platform";
import { hasCode } from "@edgeloop/core/platform";
import type { FileSystem, WritableFile } from "@edgeloop/core/platform/node";

import { otaError } from "../ota-error.ts";
import type { RepositoryFetch } from "../ota-repository.ts";

/** Attempts in a row that bring no byte before a download gives up. */
export const downloadAttemptsMax = 5;

/** Pieces of one blob on disk; a link that breaks more often than that starts again. */
export const downloadPiecesMax = 64;

/** Waiting time after the first failure, and the longest one. */
export const downloadBackoffMs = 250;
export const downloadBackoffMsMax = 30_000;

/** Where blobs come from and go to. */
export type Downloads = {
  readonly fetch: RepositoryFetch;
  readonly blobs: BlobStore;
  /** Holds pieces of unfinished downloads, beside the blobs: a temporary directory may be memory. */
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly rng: Rng;
};

/**
 * Downloads a blob and goes on where an earlier attempt, or an earlier process, was cut off.
 *
 * Pieces stay on disk until the whole is verified. Pieces that a power cut damaged fail the whole's hash, and the
 * download starts again from 0.
 *
 * @returns Bytes that crossed the wire.
 * @throws `BUNDLE_TAMPERED` when whole content has another length or hash, `BLOB_MISSING` when the repository lacks it,
 * `OTA_UNREACHABLE` after `downloadAttemptsMax` attempts without a byte, `BLOB_FULL`
 */
export async function downloadBlob(
  downloads: Downloads,
  ref: BlobRef,
  signal?: AbortSignal,
): Promise<number> {
  let received = 0;
  for (let failures = 0; ; ) {
    signal?.throwIfAborted();
    const pieces = await usablePieces(downloads, ref);
    const attempt = { bytes: 0 };
    try {
      await downloads.blobs.putStream(ref, contentOf(downloads, { ref, pieces, attempt, signal }));
      await removePieces(downloads, ref);
      return received + attempt.bytes;
    } catch (error) {
      received += attempt.bytes;
      failures = attempt.bytes > 0 ? 0 : failures + 1;
      if (await isFinal(downloads, { ref, error, resumed: pieces.bytes > 0 })) throw error;
      if (failures >= downloadAttemptsMax) throw unreachable(ref, error);
      await downloads.clock.sleep(backoffMs(failures, downloads.rng), signal);
    }
  }
}

type Pieces = { readonly names: readonly string[]; readonly bytes: number };

type Attempt = {
  readonly ref: BlobRef;
  readonly pieces: Pieces;
  /** Counts what crossed the wire. */
  readonly attempt: { bytes: number };
  readonly signal: AbortSignal | undefined;
};

/** Yields what is on disk, then what comes over the wire, which is kept as a new piece on its way. */
async function* contentOf(
  { fetch, directory, fileSystem }: Downloads,
  { ref, pieces, attempt, signal }: Attempt,
): AsyncGenerator<Uint8Array> {
  for (const name of pieces.names) yield await fileSystem.read(join(directory, name));
  let at = pieces.bytes;
  if (at === ref.bytes && at > 0) return;
  const path = `blobs/${ref.sha256}`;
  const answer = await fetch({ path, fromByte: at, ...(signal ? { signal } : {}) });
  if (!answer) throw otaError("BLOB_MISSING", "the repository lacks this blob", { ref });
  if (answer.fromByte > at)
    throw otaError("OTA_UNREACHABLE", "the answer starts too late", { ref });
  // A server without Range starts at 0: what is here already is passed over, not appended again.
  let skip = at - answer.fromByte;
  let piece: WritableFile | undefined;
  try {
    for await (const chunk of answer.content) {
      signal?.throwIfAborted();
      const fresh = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - fresh.length;
      attempt.bytes += chunk.length;
      at += fresh.length;
      if (at > ref.bytes) throw tampered(ref, "it is longer than its name says");
      if (fresh.length === 0) continue;
      piece ??= await fileSystem.create(join(directory, pieceName(ref, pieces.names.length)));
      await piece.write(fresh);
      yield fresh;
    }
  } finally {
    await piece?.close();
  }
  if (at < ref.bytes) throw otaError("OTA_UNREACHABLE", "the connection was cut", { ref, at });
}

/** Decides whether trying again is of no use, and removes pieces that are. */
async function isFinal(
  downloads: Downloads,
  {
    ref,
    error,
    resumed,
  }: { readonly ref: BlobRef; readonly error: unknown; readonly resumed: boolean },
): Promise<boolean> {
  if (hasCode(error, "BLOB_MISMATCH") || hasCode(error, "BUNDLE_TAMPERED")) {
    await removePieces(downloads, ref);
    if (resumed) return false; // The pieces may be to blame, not the repository.
    throw tampered(ref, "its hash is another", error);
  }
  if (hasCode(error, "BLOB_FULL") || hasCode(error, "ENOSPC")) await removePieces(downloads, ref);
  return ["BLOB_FULL", "ENOSPC", "BLOB_MISSING"].some((code) => hasCode(error, code));
}

const pieceName = (ref: BlobRef, index: number): string =>
  `${ref.sha256}.${String(index).padStart(3, "0")}`;

async function usablePieces(downloads: Downloads, ref: BlobRef): Promise<Pieces> {
  const { directory, fileSystem } = downloads;
  const names = await namesOf(downloads, ref);
  let bytes = 0;
  for (const name of names) bytes += (await fileSystem.read(join(directory, name))).length;
  // The names must be 0, 1, 2, …: a piece that is gone leaves a hole that no hash would explain.
  const whole = names.every((name, index) => name === pieceName(ref, index));
  if (whole && bytes <= ref.bytes && names.length < downloadPiecesMax) return { names, bytes };
  await removePieces(downloads, ref);
  return { names: [], bytes: 0 };
}

const namesOf = async (downloads: Downloads, ref: BlobRef): Promise<readonly string[]> =>
  (await downloads.fileSystem.list(downloads.directory))
    .filter((name) => name.startsWith(`${ref.sha256}.`))
    .toSorted();

async function removePieces(downloads: Downloads, ref: BlobRef): Promise<void> {
  for (const name of await namesOf(downloads, ref)) {
    await downloads.fileSystem.remove(join(downloads.directory, name));
  }
}

const backoffMs = (failures: number, rng: Rng): number =>
  rng() * Math.min(downloadBackoffMsMax, downloadBackoffMs * 2 ** failures);

const tampered = (ref: BlobRef, why: string, cause?: unknown): Error =>
  otaError(
    "BUNDLE_TAMPERED",
    `a blob is not what the signed manifest names: ${why}`,
    { ref },
    cause,
  );

const unreachable = (ref: BlobRef, cause: unknown): Error =>
  otaError(
    "OTA_UNREACHABLE",
    "the repository cannot be reached; the download goes on later",
    { ref },
    cause,
  );
