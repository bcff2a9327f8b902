import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@edgeloop/core/platform/node";
import { openSession } from "@edgeloop/core/runtime";
import type { TrainPorts } from "@edgeloop/models";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { deriveProblem } from "./derive-problem.ts";
import { openStudy } from "./study.ts";
import { recordPeople, studySettings } from "./testing.ts";

const ports: TrainPorts = {
  open: (graph) => openSession(graph, { backend: "wasm", threads: 1 }),
  clock: systemClock,
};

test("a given problem is taken as it is; laboratory and field share their windows", async () => {
  const directory = temporary();
  await recordPeople(directory, ["ann", "bob", "cem"]);
  const problem = join(directory, "edgeloop.yaml");
  const channels = ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" }));
  const recording = { sensor: "imu", rateHz: 20, channels, origin: "", attributes: {}, parts: [] };
  const text = deriveProblem([{ format: 1, ...recording }], ["still", "walking"]);
  writeFileSync(problem, text.replace("flip: false", "flip: true"));
  const { folds, people } = await openStudy(studySettings(directory, { problem, folds: 3 }), ports);
  expect([...people.keys()]).toEqual(["ann", "bob", "cem"]);
  expect(folds.map(({ problem: own }) => own.training.augment.flip)).toEqual([true, true, true]);
  expect(folds[0]?.laboratory).toBe(folds[0]?.field);
});

test("a laboratory with other devices has windows of its own", async () => {
  const directory = temporary();
  await recordPeople(join(directory, "a"), ["ann", "bob", "cem"]);
  const settings = studySettings(directory, { folds: 3, laboratoryWhere: { device: "belt" } });
  const [fold] = (await openStudy(settings, ports)).folds;
  expect(fold?.laboratory).not.toBe(fold?.field);
  expect(fold?.problem.training.augment.flip).toBe(false);
  expect(fold?.laboratory.groups.length).toBe(fold?.field.groups.length);
});

test.for([
  [{ problem: "/nowhere.yaml", folds: 3 }, "FILE_MISSING"],
  [{ folds: 4 }, "FOLDS_TOO_MANY"],
  [{ where: { device: "hat" } }, "DATASET_EMPTY"],
  [{ groupBy: "team" }, "ATTRIBUTE_UNKNOWN"],
] as const)("%o is refused: %s", async ([changes, code]) => {
  const directory = temporary();
  await recordPeople(directory, ["ann", "bob", "cem"], 2);
  const settings = studySettings(directory, changes);
  await expect(openStudy(settings, ports)).rejects.toMatchObject({ code });
});
