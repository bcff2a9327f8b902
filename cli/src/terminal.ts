import type { Log, LogFields } from "@edgeloop/core/platform";
import type { Context } from "./command.ts";

const lineOf = (level: string, event: string, fields?: LogFields): string =>
  `${level} ${event}${fields ? ` ${JSON.stringify(fields)}` : ""}\n`;

/** Builds what a command says things with, for a person or, with `json`, for a program. */
export function terminal(options: {
  readonly json: boolean;
  readonly signal: AbortSignal;
  /** Makes the exit code 1. */
  readonly fail: () => void;
}): Context {
  const { stdout, stderr } = process;
  const rewrite = stderr.isTTY === true;
  let open = false;
  const closeLine = (): void => {
    if (open) stderr.write("\n");
    open = false;
  };
  const log: Log = {
    debug: () => undefined,
    info: (event, fields) => stderr.write(lineOf("info", event, fields)),
    warn: (event, fields) => stderr.write(lineOf("warn", event, fields)),
    error: (event, fields) => stderr.write(lineOf("error", event, fields)),
  };
  return {
    json: options.json,
    signal: options.signal,
    log,
    say: (line) => {
      closeLine();
      (options.json ? stderr : stdout).write(`${line}\n`);
    },
    fail: (code, message) => {
      closeLine();
      stderr.write(`edgeloop: ${code}: ${message}\n`);
      options.fail();
    },
    progress: (line) => {
      if (!rewrite) {
        stderr.write(`${line}\n`);
        return;
      }
      stderr.write(`\r\u001b[2K${line}`);
      open = true;
    },
  };
}
