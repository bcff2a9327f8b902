import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@edgeloop/core/platform";
import { onTestFinished } from "vitest";
import type { Context } from "./command.ts";

/** A context that keeps what a command says. */
export type TestContext = Context & {
  readonly said: string[];
  readonly progressed: string[];
  readonly stop: () => void;
};

/** Builds what a command runs in, for tests. */
export function testContext(options: { readonly json?: boolean } = {}): TestContext {
  const said: string[] = [];
  const progressed: string[] = [];
  const stopping = new AbortController();
  return {
    json: options.json ?? false,
    signal: stopping.signal,
    stop: () => stopping.abort(),
    say: (line) => said.push(line),
    progress: (line) => progressed.push(line),
    log: silentLog,
    said,
    progressed,
  };
}

/** Makes a folder that is gone after the test. */
export function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), "edgeloop-cli-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
