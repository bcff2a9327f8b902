import { parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import type { RoundState } from "./round-state.ts";
import { deadlineOf, isOver, pendingEffects, plannedRound, workFor } from "./round-state.ts";

const [a, b] = [parseName("a"), parseName("b")] as const;
const { rules } = plannedRound({
  cohortMin: 1,
  cohortMax: 2,
  seed: 1,
  selectingMs: 1,
  trainingMs: 1,
  calibratingMs: 1,
  evaluatingMs: 1,
  classes: 2,
  bar: {},
});
const blob = { sha256: "0".repeat(64) as never, bytes: 1 };
const update = { payload: blob, examples: 1 };

test("a restart asks exactly those who have not replied", () => {
  const selecting: RoundState = {
    kind: "selecting",
    rules,
    invited: [a, b],
    answers: new Map([
      [a, { kind: "waiting", code: "LABELS_INCOMPLETE" }],
      [b, { kind: "ready", examples: 1 }],
    ]),
    deadlineUs: 7,
  };
  expect(pendingEffects(selecting)).toEqual([{ kind: "ring", work: "offer", devices: [a] }]);
  const training: RoundState = {
    kind: "training",
    rules,
    cohort: [a, b],
    updates: new Map([[a, update]]),
    deadlineUs: 9,
  };
  expect(pendingEffects(training)).toEqual([{ kind: "ring", work: "train", devices: [b] }]);
  expect([deadlineOf(selecting), deadlineOf(training)]).toEqual([7, 9]);
});

test("whoever gave no update is asked nothing more", () => {
  const model = { graph: blob, tensors: blob };
  const calibrating: RoundState = {
    kind: "calibrating",
    stage: "collecting",
    rules,
    cohort: [a, b],
    updates: new Map([[a, update]]),
    parameters: blob,
    calibration: model,
    reports: new Map(),
    deadlineUs: 9,
  };
  expect([workFor(calibrating, a), workFor(calibrating, b)]).toEqual(["calibrate", undefined]);
  expect(workFor({ ...calibrating, stage: "quantizing" }, a)).toBeUndefined();
});

test("a round that is over has no deadline, no work, and an end to tell", () => {
  const over: RoundState = { kind: "abandoned", rules, code: "COHORT_TOO_SMALL" };
  expect([isOver(over), deadlineOf(over), workFor(over, a)]).toEqual([true, undefined, undefined]);
  expect(pendingEffects(over)).toEqual([{ kind: "conclude" }]);
});
