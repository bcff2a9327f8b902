import { existsSync } from "node:fs";
import { join } from "node:path";
import { EdgeloopError } from "@edgeloop/core/platform";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { temporary } from "../testing.ts";
import { captureLedger } from "./capture/ledger.ts";
import { predictionBook } from "./plant/prediction-book.ts";
import type { DemoResult } from "./result.ts";
import { roundBook } from "./round-book.ts";
import { runDemo } from "./run.ts";
import type { Scene, SceneOptions } from "./scene.ts";
import { demoDefaults } from "./settings.ts";
import { exampleResult } from "./testing.ts";
import { waiting } from "./timeline.ts";

// What it does with real processes: test/scenarios/demo.test.ts.
const stand = vi.hoisted(() => ({ openScene: vi.fn<(options: SceneOptions) => Promise<Scene>>() }));
vi.mock(import("./scene.ts"), () => stand);
vi.mock(import("./result.ts"), () => ({ resultOf: () => Promise.resolve(exampleResult) }));
vi.mock(import("./backends.ts"), () => ({
  backendsOf: () => Promise.resolve(exampleResult.backend),
}));

beforeEach(
  () => void vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] }),
);
afterEach(() => void vi.useRealTimers());

/** A plant without pumps: what all of them have to do is done when its rollouts are there. */
function emptyPlant(rollouts: readonly string[], trouble?: Error) {
  const log: string[] = [];
  const told: DemoResult[] = [];
  const directory = temporary();
  const stop = new AbortController();
  const rounds = roundBook();
  rounds.take({ stream: "round/r1", kind: "training", details: {} }, 0);
  for (const manifestSha256 of rollouts) {
    const details = { release: { manifestSha256 }, members: {} };
    rounds.take({ stream: `rollout/${manifestSha256}`, kind: "done", details }, 0);
  }
  stand.openScene.mockImplementation(async ({ settings, signal }) => {
    const { until, poke } = waiting(signal, () => trouble);
    setInterval(poke, 1000);
    const scene = {
      ...{ settings, rounds, stations: [], until },
      ...{ book: predictionBook([]), ledger: captureLedger() },
      plant: { release: { sha256: "v1" } },
      accidents: { armDownload: () => log.push("armed") },
      stage: {
        phase: (phase: string) => log.push(phase),
        event: (text: string) => log.push(text),
        refresh: () => undefined,
      },
      play: () => undefined,
      close: () => Promise.resolve(void log.push("closed")),
    };
    return await Promise.resolve(scene as unknown as Scene);
  });
  const run = (stay: boolean): Promise<DemoResult> =>
    runDemo(
      { ...demoDefaults, directory, stay, beforeS: 0 },
      {
        say: (line) => log.push(line.replace(/http.*/, "…")),
        signal: stop.signal,
        onResult: (result) => {
          told.push(result);
          log.push(existsSync(join(directory, "report.html")) ? "table, report there" : "table");
        },
      },
    );
  return { log, told, run, stop, directory };
}

const story = ["live report: …", "before", "changed", "learning", "armed", "rollout", "recovered"];

test("a demo goes through its phases, writes its report, says its table and closes", async () => {
  const { log, told, run } = emptyPlant(["v1", "v2"]);
  const running = run(false);
  await vi.waitFor(() => expect(log).toContain("before"));
  vi.advanceTimersByTime(3000);
  expect(await running).toBe(exampleResult);
  expect(told).toEqual([exampleResult]);
  expect(log).toEqual([...story, "done", "table, report there", "closed"]);
});

test("a fleet that stays has told everything before it is interrupted, and then ends without an error", async () => {
  const { log, run, stop } = emptyPlant(["v1", "v2"]);
  const running = run(true);
  await vi.waitFor(() => expect(log).toContain("before"));
  vi.advanceTimersByTime(3000);
  await vi.waitFor(() => expect(log).toContain("the fleet goes on until it is interrupted"));
  vi.advanceTimersByTime(3_600_000);
  const stayed = [
    ...story,
    "done",
    "table, report there",
    "the fleet goes on until it is interrupted",
  ];
  expect(log).toEqual(stayed);
  stop.abort(new EdgeloopError("INTERRUPTED", "got SIGINT"));
  expect(await running).toBe(exampleResult);
  expect(log).toEqual([...stayed, "interrupted", "closed"]);
});

test("an interrupt before the end is an error, and everything is closed", async () => {
  const { log, told, run, stop } = emptyPlant(["v1"]);
  const running = run(true);
  await vi.waitFor(() => expect(log).toContain("armed"));
  stop.abort(new EdgeloopError("INTERRUPTED", "got SIGINT"));
  await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(told).toEqual([]);
  expect(log.at(-1)).toBe("closed");
});

test("a campaign that comes to nothing ends the demo with its code: no table, no report, all closed", async () => {
  const rejected = new EdgeloopError("CAMPAIGN_FAILED", "the campaign was rejected");
  const { log, told, run, directory } = emptyPlant(["v1"], rejected);
  await expect(run(true)).rejects.toBe(rejected);
  expect(told).toEqual([]);
  expect(existsSync(join(directory, "report.html"))).toBe(false);
  expect(log.at(-1)).toBe("closed");
});
