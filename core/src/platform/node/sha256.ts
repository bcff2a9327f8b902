import { createHash, hash } from "node:crypto";
import type { Sha256 } from "../ids.ts";
import { parseSha256 } from "../ids.ts";

/** Hashes bytes in one synchronous call: right for a few megabytes at most. */
export const sha256Sync = (bytes: Uint8Array): Sha256 => parseSha256(hash("sha256", bytes, "hex"));

/** Hashes content that comes in pieces. */
export type Sha256Stream = {
  update(bytes: Uint8Array): void;
  /** Ends the stream; to be called once. */
  digest(): Sha256;
};

/** Starts hashing a stream. */
export function sha256Stream(): Sha256Stream {
  const state = createHash("sha256");
  return {
    update: (bytes) => {
      state.update(bytes);
    },
    digest: () => parseSha256(state.digest("hex")),
  };
}
