import { EdgeloopError } from "@edgeloop/core/platform";

const pattern = /^[A-Za-z0-9+/]*$/;

/** Writes bytes as standard base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Writes bytes as URL-safe base64 without padding (RFC 4648 section 5). */
export const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/**
 * Reads base64 in either alphabet, padded or not, and in its one canonical form.
 *
 * Own code because `Uint8Array.fromBase64` is missing on Node 24.
 *
 * @throws `BASE64_INVALID` on any other character, a wrong length, or non-zero bits after the last byte.
 * @example
 * fromBase64("-_8"); // => Uint8Array.of(251, 255)
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const digits = text
    .replace(/={1,2}$/, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
  const padded = digits + "=".repeat((4 - (digits.length % 4)) % 4);
  const paddingOk = !text.endsWith("=") || text.length === padded.length;
  if (!pattern.test(digits) || digits.length % 4 === 1 || !paddingOk) throw invalid(text);
  const decoded = Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
  if (toBase64(decoded) !== padded) throw invalid(text);
  return decoded;
}

const invalid = (text: string): EdgeloopError =>
  new EdgeloopError("BASE64_INVALID", "expected base64 in the standard or URL-safe alphabet", {
    details: { length: text.length },
  });
