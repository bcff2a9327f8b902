import { EdgeloopError } from "./errors.ts";

/** A value that JSON can carry. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * Writes JSON in the one form that RFC 8785 allows, so that equal values have equal bytes.
 *
 * Keys are sorted by UTF-16 code units; ECMAScript's own number and string forms are the RFC's. Members that are
 * `undefined` are left out.
 *
 * @throws `JSON_NUMBER_INVALID` on NaN and infinities, `JSON_TEXT_INVALID` on half a surrogate pair.
 * @see RFC 8785
 * @example
 * canonicalJson({ b: 1.0, a: [true, "é"] }); // => '{"a":[true,"é"],"b":1}'
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new EdgeloopError("JSON_NUMBER_INVALID", "JSON has no NaN and no infinities", {
      details: { value: String(value) },
    });
  }
  if (typeof value === "string") return text(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value)
    .sort()
    .flatMap((key) => {
      const member = value[key];
      return member === undefined ? [] : [`${text(key)}:${canonicalJson(member)}`];
    });
  return `{${members.join(",")}}`;
}

// JSON.stringify would escape it, and another implementation would write it otherwise or fail.
function text(value: string): string {
  if (value.isWellFormed()) return JSON.stringify(value);
  throw new EdgeloopError("JSON_TEXT_INVALID", "text must not hold half a surrogate pair");
}

const isArray = (value: object): value is readonly Json[] => Array.isArray(value);
