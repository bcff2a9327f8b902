import { join } from "node:path";
import type { BlobRef, BlobStore } from "../blob-store.ts";
import { EdgeloopError, hasCode } from "../errors.ts";
import type { Sha256 } from "../ids.ts";
import { isSha256 } from "../ids.ts";
import type { FileSystem, WritableFile } from "./file-system.ts";
import { nodeFileSystem } from "./file-system.ts";
import { sha256Stream, sha256Sync } from "./sha256.ts";

/**
 * Opens a directory of blobs, each a file named by its hash.
 *
 * Creates the directory where it is missing and removes what an interrupted write left behind: one process writes to
 * it at a time.
 */
export async function openFileBlobStore(
  directory: string,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<BlobStore> {
  await fileSystem.makeDirectory(directory);
  for (const name of await fileSystem.list(directory)) {
    if (name.endsWith(".tmp")) await fileSystem.remove(join(directory, name));
  }
  const pathOf = (sha256: Sha256): string => join(directory, sha256);
  const alone = oneAtATime();
  const put = writer(directory, fileSystem, alone);
  const read = async (sha256: Sha256): Promise<Uint8Array> => {
    try {
      return await fileSystem.read(pathOf(sha256));
    } catch (cause) {
      throw hasCode(cause, "ENOENT") ? missing(sha256, cause) : cause;
    }
  };
  const isWhole = (sha256: Sha256, content: Uint8Array): boolean => sha256Sync(content) === sha256;
  // A damaged file would be "here" for ever and never be fetched again. Between the two readings a write may have
  // healed it, so the second one, and the removal, keep writes out.
  const readOrDiscard = async (sha256: Sha256): Promise<Uint8Array> => {
    const content = await read(sha256);
    if (isWhole(sha256, content)) return content;
    await fileSystem.remove(pathOf(sha256));
    await fileSystem.syncDirectory(directory);
    throw changedOnDisk(sha256, content.length);
  };
  return {
    async put(content) {
      const ref: BlobRef = { sha256: sha256Sync(content), bytes: content.length };
      await put(ref, [content]);
      return ref;
    },
    putStream: put,
    async get(sha256) {
      const content = await read(sha256);
      return isWhole(sha256, content) ? content : await alone(() => readOrDiscard(sha256));
    },
    has: (sha256) => fileSystem.exists(pathOf(sha256)),
    async remove(sha256) {
      await fileSystem.remove(pathOf(sha256));
      await fileSystem.syncDirectory(directory);
    },
    async list() {
      return (await fileSystem.list(directory)).filter(isSha256).toSorted();
    },
  };
}

type Alone = <T>(work: () => Promise<T>) => Promise<T>;

function oneAtATime(): Alone {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

type Content = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

// A blob that is there already is written again all the same: that costs a write, heals a file that the disk damaged,
// and needs no rule for when an existing name is durable.
function writer(
  directory: string,
  fileSystem: FileSystem,
  alone: Alone,
): (ref: BlobRef, content: Content) => Promise<void> {
  let written = 0;
  return async (ref, content) => {
    written += 1;
    const path = join(directory, ref.sha256);
    const temporary = `${path}.${written}.tmp`;
    try {
      const file = await fileSystem.create(temporary);
      try {
        await verifyInto(file, ref, content);
        await file.sync();
      } finally {
        await file.close();
      }
      await alone(() => fileSystem.rename(temporary, path));
      await fileSystem.syncDirectory(directory);
    } catch (error) {
      await fileSystem.remove(temporary).catch(() => undefined);
      throw asFull(error, ref);
    }
  };
}

async function verifyInto(file: WritableFile, ref: BlobRef, content: Content): Promise<void> {
  const hash = sha256Stream();
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > ref.bytes) break;
    hash.update(chunk);
    await file.write(chunk);
  }
  const sha256 = bytes === ref.bytes ? hash.digest() : undefined;
  if (sha256 === ref.sha256) return;
  throw new EdgeloopError(
    "BLOB_MISMATCH",
    "the content must have the length and hash of its name",
    {
      details: { expected: ref, bytes, ...(sha256 ? { sha256 } : {}) },
    },
  );
}

function asFull(error: unknown, ref: BlobRef): unknown {
  if (!hasCode(error, "ENOSPC") && !hasCode(error, "EDQUOT")) return error;
  return new EdgeloopError("BLOB_FULL", "the disk is full; free space and try again", {
    details: { ref },
    cause: error,
  });
}

const missing = (sha256: Sha256, cause: unknown): EdgeloopError =>
  new EdgeloopError("BLOB_MISSING", "the store holds no such blob", { details: { sha256 }, cause });

const changedOnDisk = (sha256: Sha256, bytes: number): EdgeloopError =>
  new EdgeloopError(
    "BLOB_MISMATCH",
    "the blob had changed on disk and was removed; fetch it again",
    {
      details: { sha256, bytes },
    },
  );
