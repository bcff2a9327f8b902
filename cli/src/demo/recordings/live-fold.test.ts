import { readFileSync } from "node:fs";
import { openSession } from "@edgeloop/core/runtime";
import { collectExamples, parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { runLiveFold } from "./live-fold.ts";
import { sameDeviceRounds } from "./settings.ts";
import { studySettings, writeProblem } from "./testing.ts";

// What it does when nothing goes wrong: test/scenarios/recordings.test.ts, with real processes.
test("a fold that is interrupted while it is set up opens no books and gives no result", async () => {
  const directory = temporary();
  const problem = parseProblem(readFileSync(await writeProblem(directory), "utf8"), "test");
  const windows = collectExamples({ lengthSamples: 20, channels: 3 }, []);
  const cast = { laboratory: ["ann"], field: ["bob"], held: ["cem"] };
  const fold = { problem, field: windows, laboratory: windows, cast, rounds: sameDeviceRounds };
  const told: string[] = [];
  const running = runLiveFold(fold, new Map(), studySettings(directory), {
    open: (graph) => openSession(graph, { backend: "wasm", threads: 1 }),
    ...{ backend: "wasm", signal: AbortSignal.abort(), atS: () => 0 },
    event: () => undefined,
    onOpen: () => told.push("opened"),
    onResult: () => Promise.resolve(void told.push("result")),
  });
  await expect(running).rejects.toThrow();
  expect(told).toEqual([]);
});
