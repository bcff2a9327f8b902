import { EdgeloopError } from "../platform/errors.ts";

/** A value inside untrusted JSON, together with its path, so that every refusal names the field. */
export type Field = {
  readonly path: string;
  readonly value: unknown;
  /** A member of an object; a missing one has the value `undefined`. */
  get(key: string): Field;
  /** Every member, at most `max`. */
  entries(max: number): readonly (readonly [string, Field])[];
  /** Every element of an array of `min` to `max`. */
  items(bounds: { readonly min: number; readonly max: number }): readonly Field[];
  /** Text of 1 to `max` characters. */
  text(max: number): string;
  /** A safe integer within bounds. */
  integer(min: number, max?: number): number;
  /** A finite number within bounds. */
  number(min?: number, max?: number): number;
  /** The value, once `guard` accepts it. */
  is<T>(guard: (value: unknown) => value is T, expected: string): T;
  /** The refusal of this field. */
  refuse(expected: string): EdgeloopError;
};

/**
 * Wraps untrusted JSON.
 *
 * @example
 * field({ a: [1, 2] }).get("a").items({ min: 1, max: 2 })[1]?.path; // => "a[1]"
 */
export function field(value: unknown, path = ""): Field {
  const refuse = (expected: string): EdgeloopError =>
    new EdgeloopError("BUNDLE_MANIFEST_INVALID", `${path || "manifest"}: expected ${expected}`, {
      details: { path, expected },
    });
  const members = (): Readonly<Record<string, unknown>> => {
    if (isObject(value)) return value;
    throw refuse("an object");
  };
  const number = (min: number, max: number): number => {
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw refuse(`a number from ${min} to ${max}`);
  };
  return {
    path,
    value,
    refuse,
    get: (key) => {
      const object = members();
      const member = Object.hasOwn(object, key) ? object[key] : undefined;
      return field(member, path ? `${path}.${key}` : key);
    },
    entries(max) {
      const all = Object.entries(members());
      if (all.length > max) throw refuse(`at most ${max} members`);
      return all.map(([key, member]) => [key, field(member, `${path}[${JSON.stringify(key)}]`)]);
    },
    items({ min, max }) {
      if (!Array.isArray(value) || value.length < min || value.length > max) {
        throw refuse(`a list of ${min} to ${max}`);
      }
      return value.map((item, index) => field(item, `${path}[${index}]`));
    },
    text(max) {
      if (typeof value === "string" && value.length > 0 && value.length <= max) return value;
      throw refuse(`text of 1 to ${max} characters`);
    },
    integer(min, max = Number.MAX_SAFE_INTEGER) {
      if (Number.isSafeInteger(value)) return number(min, max);
      throw refuse(`an integer from ${min} to ${max}`);
    },
    number: (min = -Number.MAX_VALUE, max = Number.MAX_VALUE) => number(min, max),
    is(guard, expected) {
      if (guard(value)) return value;
      throw refuse(expected);
    },
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
