import { toHex } from "./bytes.ts";
import type { Sha256 } from "./ids.ts";
import { parseSha256 } from "./ids.ts";

/**
 * Hashes bytes, in Node and in a browser tab.
 *
 * @returns SHA-256 in lower-case hexadecimal.
 * @see FIPS 180-4
 */
export async function sha256(bytes: Uint8Array): Promise<Sha256> {
  const digest = await globalThis.crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
  return parseSha256(toHex(new Uint8Array(digest)));
}
