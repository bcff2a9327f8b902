import { expect, test } from "vitest";
import { roundDetails } from "./round-office.ts";
import { plannedRound } from "./round-state.ts";
import { memoryCoordinator } from "./testing.ts";

const trigger = { reason: "OPERATOR_REQUEST", startUs: 0, endUs: 5 };

test("bells ring for who is asked, once a phase", async () => {
  const plant = await memoryCoordinator();
  const devices = [await plant.enrol("a"), await plant.enrol("b")];
  await plant.coordinator.policy.request(trigger);
  await plant.obey(devices);
  const first = plant.rung.filter(({ id }) => id === "c1-r1");
  expect(first.map(({ device, kind }) => `${kind} ${device}`)).toEqual([
    "offer a",
    "offer b",
    "train a",
    "train b",
    "calibrate a",
    "calibrate b",
    "evaluate a",
    "evaluate b",
  ]);
});

test("work is due to a device until it has replied, and again after a restart", async () => {
  const before = await memoryCoordinator();
  const [a] = [await before.enrol("a"), await before.enrol("b")];
  await before.coordinator.policy.request(trigger);
  await before.coordinator.idle();
  const plant = await before.again();
  expect(plant.coordinator.rounds.workOf(a.device)).toEqual([{ kind: "offer", id: "c1-r1" }]);
  await plant.obey([a]);
  expect(plant.coordinator.rounds.workOf(a.device)).toEqual([]);
});

test("a round that has nothing to show shows nothing", () => {
  const state = plannedRound({
    cohortMin: 1,
    cohortMax: 1,
    seed: 1,
    selectingMs: 1,
    trainingMs: 1,
    calibratingMs: 1,
    evaluatingMs: 1,
    classes: 2,
    bar: {},
  });
  expect(roundDetails(state)).toEqual({});
});
