import { systemClock } from "@edgeloop/core/platform/node";
import { openSession } from "@edgeloop/core/runtime";
import type { TrainPorts } from "@edgeloop/models";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { heldWindows, laboratoryWindows, runFold } from "./fold.ts";
import { openStudy } from "./study.ts";
import { recordPeople, studySettings, writeProblem } from "./testing.ts";

const ports: TrainPorts = {
  open: (graph) => openSession(graph, { backend: "wasm", threads: 1 }),
  clock: systemClock,
};

test("what people do is learned in one place and in rounds, and holds for people who were held out", async () => {
  const directory = temporary();
  await recordPeople(directory, ["ann", "bob", "cem", "dia"]);
  const problem = await writeProblem(directory);
  const { folds } = await openStudy(studySettings(directory, { problem }), ports);
  expect(folds.flatMap(({ cast }) => cast.held).toSorted()).toEqual(["ann", "bob", "cem", "dia"]);
  const [fold] = folds;
  if (fold === undefined) throw new Error("no fold");
  expect(new Set(heldWindows(fold).groups)).toEqual(new Set(fold.cast.held));
  expect(new Set(laboratoryWindows(fold).groups)).toEqual(new Set(fold.cast.laboratory));
  const figures = await runFold(fold, ports);
  // Standing and walking differ so much that only windows across a change are in doubt: 1 in 12 is half and half.
  expect(figures.central).toBeGreaterThan(0.85);
  expect(figures.federated).toBeGreaterThan(0.85);
  expect(Math.abs(figures.int8 - figures.federated)).toBeLessThan(0.05);
  expect(await runFold(fold, ports)).toEqual(figures);
});
