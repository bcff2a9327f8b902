import type { BlobStore } from "../platform/blob-store.ts";
import { concatBytes } from "../platform/bytes.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Sha256 } from "../platform/ids.ts";
import { sha256 } from "../platform/sha256.ts";

/** Builds a blob store that lives as long as the object does. */
export function memoryBlobStore(): BlobStore {
  const blobs = new Map<Sha256, Uint8Array>();
  const keep = async (content: Uint8Array): Promise<Sha256> => {
    const name = await sha256(content);
    blobs.set(name, content.slice());
    return name;
  };
  return {
    async put(content) {
      return { sha256: await keep(content), bytes: content.length };
    },
    async putStream(ref, content) {
      const pieces: Uint8Array[] = [];
      for await (const piece of content) pieces.push(piece.slice());
      const whole = concatBytes(pieces);
      if (whole.length !== ref.bytes || (await sha256(whole)) !== ref.sha256) {
        throw new EdgeloopError(
          "BLOB_MISMATCH",
          "the content must have the length and hash of its name",
          { details: { expected: ref, bytes: whole.length } },
        );
      }
      blobs.set(ref.sha256, whole);
    },
    get(name) {
      const content = blobs.get(name);
      return content
        ? Promise.resolve(content.slice())
        : Promise.reject(
            new EdgeloopError("BLOB_MISSING", "the store holds no such blob", {
              details: { sha256: name },
            }),
          );
    },
    has: (name) => Promise.resolve(blobs.has(name)),
    remove(name) {
      blobs.delete(name);
      return Promise.resolve();
    },
    list: () => Promise.resolve([...blobs.keys()].toSorted()),
  };
}
