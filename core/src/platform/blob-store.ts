import type { Sha256 } from "./ids.ts";

/** The name of a blob: its content's hash and size. */
export type BlobRef = { readonly sha256: Sha256; readonly bytes: number };

/** Content-addressed bytes that survive a power cut. */
export type BlobStore = {
  /** Stores bytes under their own hash; resolves once they are on disk. */
  put(content: Uint8Array): Promise<BlobRef>;
  /**
   * Stores a stream, verifying length and hash while it is read.
   *
   * @throws `BLOB_MISMATCH` when the content is not what `ref` names, `BLOB_FULL` when the disk is full.
   */
  putStream(ref: BlobRef, content: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Reads a blob and verifies it.
   *
   * @throws `BLOB_MISSING`, `BLOB_MISMATCH` when the bytes on disk have changed; they are removed, so that the blob counts
   * as missing and is fetched again.
   */
  get(sha256: Sha256): Promise<Uint8Array>;
  has(sha256: Sha256): Promise<boolean>;
  /** Removes a blob; no error when it is absent. */
  remove(sha256: Sha256): Promise<void>;
  list(): Promise<readonly Sha256[]>;
};
