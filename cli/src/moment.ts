import { parseTime } from "@edgeloop/core/data";
import { EdgeloopError } from "@edgeloop/core/platform";

const unitsUs: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3600e6 };

/**
 * Reads a moment as people type it: `now`, `-90s`, `-5m` or `-2h` before now, ISO 8601, or integer microseconds UTC.
 *
 * @param text What was typed.
 * @param nowUs What `now` is.
 * @throws `USAGE`
 * @example
 * parseMoment("-90s", 100_000_000); // => 10000000
 */
export function parseMoment(text: string, nowUs: number): number {
  if (text === "now") return nowUs;
  const relative = /^-(\d+(?:\.\d+)?)([smh])$/.exec(text);
  if (relative) return nowUs - Math.round(Number(relative[1]) * (unitsUs[relative[2] ?? ""] ?? 0));
  const timeUs = /^-?\d+$/.test(text) ? parseTime(text, "us") : parseTime(text, "iso");
  if (timeUs !== undefined) return timeUs;
  throw new EdgeloopError(
    "USAGE",
    `a time is now, -90s, -5m, -2h, 2026-01-31T12:00:00Z or microseconds since 1970, not "${text}"`,
  );
}
