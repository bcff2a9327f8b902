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
 * @throws `JSON_NUMBER_INVALID` on NaN and infinities.
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
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value)
    .sort()
    .flatMap((key) => {
      const member = value[key];
      return member === undefined ? [] : [`${JSON.stringify(key)}:${canonicalJson(member)}`];
    });
  return `{${members.join(",")}}`;
}

const isArray = (value: object): value is readonly Json[] => Array.isArray(value);
