import type { Log, LogFields } from "../platform/log.ts";

/** One line of a {@link MemoryLog}. */
export type LogLine = {
  readonly level: keyof Log;
  readonly event: string;
  readonly fields: LogFields;
};

/** A log that remembers. */
export type MemoryLog = Log & { readonly lines: readonly LogLine[] };

/** Builds a log whose lines a test can read. */
export function memoryLog(): MemoryLog {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Log) =>
    (event: string, fields: LogFields = {}): void => {
      lines.push({ level, event, fields });
    };
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
