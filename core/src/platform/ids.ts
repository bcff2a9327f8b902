import { EdgeloopError } from "./errors.ts";

/** A primitive that only its parser can mint. */
export type Brand<T, Tag extends string> = T & { readonly __brand: Tag };

/** A fleet, device, line, sensor or model name: `[a-z0-9][a-z0-9-]{0,62}`, safe in topics, paths and URLs. */
export type Name = Brand<string, "Name">;

/** Lower-case hexadecimal SHA-256. */
export type Sha256 = Brand<string, "Sha256">;

const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const sha256Pattern = /^[0-9a-f]{64}$/;

/** Tells whether `text` is a name. */
export const isName = (text: unknown): text is Name =>
  typeof text === "string" && namePattern.test(text);

/** Tells whether `text` is a lower-case hexadecimal SHA-256. */
export const isSha256 = (text: unknown): text is Sha256 =>
  typeof text === "string" && sha256Pattern.test(text);

/**
 * Parses a name.
 *
 * @throws `NAME_INVALID`
 * @example
 * parseName("pump-3"); // => "pump-3"
 */
export function parseName(text: unknown): Name {
  if (isName(text)) return text;
  throw new EdgeloopError(
    "NAME_INVALID",
    "a name is 1 to 63 characters of a-z, 0-9 and -, and starts with a letter or digit",
    { details: { text } },
  );
}

/**
 * Parses a SHA-256 in lower-case hexadecimal.
 *
 * @throws `SHA256_INVALID`
 */
export function parseSha256(text: unknown): Sha256 {
  if (isSha256(text)) return text;
  throw new EdgeloopError("SHA256_INVALID", "a SHA-256 is 64 lower-case hexadecimal digits", {
    details: { text },
  });
}
