import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TrialOutcome } from "./probe.ts";
import { nativeAvailable, probeNative } from "./probe.ts";

let directory: string;
let stateFile: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-probe-"));
  stateFile = join(directory, "native.json");
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});
const ok: TrialOutcome = { kind: "ok" };
const trials = (...outcomes: TrialOutcome[]): (() => Promise<TrialOutcome>) =>
  vi.fn(() => Promise.resolve(outcomes.shift() ?? ok));
const crashed: TrialOutcome = { kind: "crashed", reason: "the probe ended by SIGILL" };

test("a child process runs a graph on onnxruntime-node, which the workspace has", async () => {
  expect(await probeNative()).toEqual({ kind: "available" });
});

test("a success is remembered, and asked of a child once", async () => {
  const trial = trials(ok);
  expect(await nativeAvailable({ stateFile, trial })).toBe(true);
  expect(await nativeAvailable({ stateFile, trial })).toBe(true);
  expect(trial).toHaveBeenCalledOnce();
});

test("after two crashes native code is not touched again", async () => {
  const trial = trials(crashed, crashed);
  await probeNative({ stateFile, trial });
  expect(await probeNative({ stateFile, trial })).toEqual({
    kind: "unavailable",
    reason: "the probe ended by SIGILL",
  });
  expect(await probeNative({ stateFile, trial })).toEqual({
    kind: "unavailable",
    reason: "native code crashed 2 times here",
  });
  expect(trial).toHaveBeenCalledTimes(2);
});

test("a package that is missing is no crash: it is asked for again", async () => {
  const missing: TrialOutcome = { kind: "failed", reason: "onnxruntime-node is not installed" };
  const trial = trials(missing, missing, missing, ok);
  for (let start = 0; start < 3; start += 1) {
    expect(await nativeAvailable({ stateFile, trial })).toBe(false);
  }
  expect(await nativeAvailable({ stateFile, trial })).toBe(true);
});
