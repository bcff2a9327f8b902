import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RoundPlant } from "@edgeloop/cloud-sync/testing";
import { roundPlant } from "@edgeloop/cloud-sync/testing";
import { silentLog } from "@edgeloop/core/platform";
import { onTestFinished } from "vitest";
import type { Context } from "./command.ts";

/** A context that keeps what a command says. */
export type TestContext = Context & {
  readonly said: string[];
  readonly progressed: string[];
  readonly failed: { readonly code: string; readonly message: string }[];
  readonly stop: () => void;
};

/** Builds what a command runs in, for tests. */
export function testContext(options: { readonly json?: boolean } = {}): TestContext {
  const said: string[] = [];
  const progressed: string[] = [];
  const failed: { code: string; message: string }[] = [];
  const stopping = new AbortController();
  return {
    json: options.json ?? false,
    signal: stopping.signal,
    stop: () => stopping.abort(),
    say: (line) => said.push(line),
    progress: (line) => progressed.push(line),
    log: silentLog,
    fail: (code, message) => failed.push({ code, message }),
    said,
    failed,
    progressed,
  };
}

/** Makes a folder that is gone after the test. */
export function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), "edgeloop-cli-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs a coordinator until the test is over; `file` is its `coordinator.yaml`, with `yaml` added. */
export async function testCoordinator(
  yaml = "",
): Promise<Pick<RoundPlant, "config" | "device"> & { readonly file: string }> {
  const directory = temporary();
  const plant = await roundPlant(directory, yaml);
  const running = await plant.start();
  onTestFinished(() => running.stop());
  const file = join(directory, "coordinator.yaml");
  writeFileSync(file, JSON.stringify(plant.config));
  return { file, config: plant.config, device: plant.device };
}
