import { EdgeloopError } from "@edgeloop/core/platform";
import type { Options } from "./command.ts";

/**
 * Reads a text option.
 *
 * @throws `USAGE` when it is missing.
 */
export function textOption(options: Options, name: string): string {
  const value = options[name];
  if (typeof value === "string") return value;
  throw new EdgeloopError("USAGE", `--${kebab(name)} needs a value`);
}

/** Reads a text option that may be absent. */
export function optionalText(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * Reads an integer option.
 *
 * @throws `USAGE` when it is no integer or outside the bounds.
 */
export function integerOption(
  options: Options,
  name: string,
  bounds: { readonly min: number; readonly max: number; readonly fallback: number },
): number {
  const text = optionalText(options, name);
  if (text === undefined) return bounds.fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return value;
  throw new EdgeloopError(
    "USAGE",
    `--${kebab(name)} must be a whole number from ${bounds.min} to ${bounds.max}, not "${text}"`,
  );
}

/**
 * Reads a number that must be given.
 *
 * @throws `USAGE` when it is none or outside the bounds.
 */
export function numberOption(
  options: Options,
  name: string,
  bounds: { readonly min: number; readonly max: number },
): number {
  const text = textOption(options, name);
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= bounds.min && value <= bounds.max) return value;
  throw new EdgeloopError(
    "USAGE",
    `--${kebab(name)} must be a number from ${bounds.min} to ${bounds.max}, not "${text}"`,
  );
}

/** Reads a number that may be absent. @throws `USAGE` when it is none or outside the bounds. */
export const optionalNumber = (
  options: Options,
  name: string,
  bounds: { readonly min: number; readonly max: number },
): number | undefined =>
  optionalText(options, name) === undefined ? undefined : numberOption(options, name, bounds);

/** Reads an option that may be given more than once. */
export function listOption(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : [];
}

/**
 * Reads repeated `key=value` options.
 *
 * @throws `USAGE` when one has no `=`.
 * @example
 * pairsOption({ where: ["device=sp"] }, "where"); // => { device: "sp" }
 */
export function pairsOption(options: Options, name: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listOption(options, name).map((pair: string) => {
      const at = pair.indexOf("=");
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)] as const;
      throw new EdgeloopError("USAGE", `--${kebab(name)} takes key=value, not "${pair}"`);
    }),
  );
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
