import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { collectExamples, parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { setUpLivePlant } from "./live-plant.ts";
import { sameDeviceRounds } from "./settings.ts";
import { studySettings, writeProblem } from "./testing.ts";

test("an aborted set-up leaves the problem that it was for, and no plant", async () => {
  const directory = temporary();
  const problem = parseProblem(readFileSync(await writeProblem(directory), "utf8"), "test");
  const windows = collectExamples({ lengthSamples: 20, channels: 3 }, []);
  const cast = { laboratory: ["ann"], field: ["bob", "cem"], held: ["dia"] };
  const fold = { problem, field: windows, laboratory: windows, cast, rounds: sameDeviceRounds };
  const settings = studySettings(directory);
  const signal = AbortSignal.abort(new Error("enough"));
  const policy = {
    retrain: { labels: { countMin: 7 } },
    ...{ range: { beforeS: 60, afterS: 0 }, coolDownS: 3600 },
  };
  const ports = { backend: "wasm", signal, event: () => undefined } as const;
  await expect(setUpLivePlant(fold, { settings, policy }, ports)).rejects.toThrow();
  const written = readFileSync(join(settings.directory, "edgeloop.yaml"), "utf8");
  // Labels start as many rounds as asked, and every gateway of the field takes part.
  const { loop } = parseProblem(written, "edgeloop.yaml");
  expect(loop).toMatchObject({ ...policy, rounds: 10, cohortMin: 2, release: "last" });
  expect(existsSync(join(settings.directory, "coordinator.yaml"))).toBe(false);
});
