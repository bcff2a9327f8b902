import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { EdgeloopError } from "@edgeloop/core/platform";

/** One operating-system process of the fleet, which can be killed and started again. */
export type Daemon = {
  readonly name: string;
  /** Process id while it runs. */
  readonly pid: () => number | undefined;
  readonly running: () => boolean;
  /** Starts the process; resolves once it says that it is ready. */
  start(signal: AbortSignal): Promise<void>;
  /** What became of it, where it ended and nobody had killed it. */
  lost(): EdgeloopError | undefined;
  /** Sends a signal and waits until the process is gone. */
  kill(how: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** The last lines of what it wrote. */
  tail(lines: number): string;
};

/** How a daemon is started. */
export type DaemonOptions = {
  readonly name: string;
  /** Arguments after the Node executable. */
  readonly args: readonly string[];
  readonly cwd: string;
  /** File that takes standard output and error; a restart appends. */
  readonly logFile: string;
  /** Asks whether it is ready. */
  readonly ready: () => Promise<boolean>;
  readonly readyTimeoutMs: number;
};

/** How often readiness is asked for while a process starts. */
const readyPollMs = 50;

/** Builds a daemon that is not started yet. */
export function daemon(options: DaemonOptions): Daemon {
  let child: ChildProcess | undefined;
  let isKilled = false;
  const running = (): boolean =>
    child !== undefined && child.exitCode === null && child.signalCode === null;
  const tail = (lines: number): string =>
    readFileSync(options.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  const gone = (process: ChildProcess): Promise<void> =>
    new Promise((resolve) => {
      if (process.exitCode !== null || process.signalCode !== null) resolve();
      else process.once("exit", () => resolve());
    });
  const failed = (code: string, what: string): EdgeloopError =>
    new EdgeloopError(code, `${options.name} ${what}; the end of ${options.logFile}:\n${tail(12)}`);
  return {
    name: options.name,
    pid: () => (running() ? child?.pid : undefined),
    running,
    tail,
    lost: () =>
      child === undefined || isKilled || running()
        ? undefined
        : failed("DAEMON_ENDED", `ended with ${child.exitCode ?? child.signalCode}`),
    async start(signal) {
      isKilled = false;
      const log = openSync(options.logFile, "a");
      child = spawn(process.execPath, options.args, {
        cwd: options.cwd,
        stdio: ["ignore", log, log],
      });
      closeSync(log);
      orphanless(child);
      const untilMs = performance.now() + options.readyTimeoutMs;
      while (!(await options.ready().catch(() => false))) {
        signal.throwIfAborted();
        if (!running()) throw failed("DAEMON_ENDED", "ended while it started");
        if (performance.now() > untilMs) throw failed("DAEMON_NOT_READY", "is not ready in time");
        await delay(readyPollMs);
      }
    },
    async kill(how) {
      const process = child;
      if (!process || !running()) return;
      isKilled = true;
      process.kill(how);
      await gone(process);
    },
  };
}

/** Children that run: they go when this process goes, however it ends short of a kill. */
const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

function orphanless(child: ChildProcess): void {
  children.add(child);
  child.once("exit", () => children.delete(child));
}

/** Asks a daemon's health page. */
export const healthy = (port: number) => async (): Promise<boolean> => {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`, {
    signal: AbortSignal.timeout(2000),
  });
  return response.ok;
};
