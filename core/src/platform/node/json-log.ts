import type { Writable } from "node:stream";
import type { Clock } from "../clock.ts";
import { toWireError } from "../errors.ts";
import type { Log, LogFields } from "../log.ts";
import { systemClock } from "./system-clock.ts";

const levels = ["debug", "info", "warn", "error"] as const;

/** How much is said. */
export type LogLevel = (typeof levels)[number];

/** Options of {@link jsonLog}. */
export type JsonLogOptions = {
  readonly level?: LogLevel;
  /** Stands in every line, such as the part's name. */
  readonly fields?: LogFields;
  readonly clock?: Clock;
};

/**
 * Builds a log that writes one JSON object a line: `time` (ISO 8601 UTC), `level`, `event`, then the fields.
 *
 * Errors among the fields are written as code, message and details.
 */
export function jsonLog(output: Writable, options: JsonLogOptions = {}): Log {
  const { level: lowest = "info", fields: always = {}, clock = systemClock } = options;
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (levels.indexOf(level) < levels.indexOf(lowest)) return;
      const time = new Date(clock.nowUs() / 1000).toISOString();
      const line = { time, level, event, ...always, ...fields };
      output.write(`${JSON.stringify(line, plain)}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

const plain = (_key: string, value: unknown): unknown => {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) return toWireError(value);
  return value;
};
