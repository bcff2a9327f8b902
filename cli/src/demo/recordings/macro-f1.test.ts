import { systemClock } from "@edgeloop/core/platform/node";
import { openSession } from "@edgeloop/core/runtime";
import type { TrainPorts } from "@edgeloop/models";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { tested, train } from "./fold.ts";
import { macroF1Of } from "./macro-f1.ts";
import { openStudy } from "./study.ts";
import { recordPeople, studySettings, writeProblem } from "./testing.ts";

const ports: TrainPorts = {
  open: (graph) => openSession(graph, { backend: "wasm", threads: 1 }),
  clock: systemClock,
};

test("with other devices in the laboratory, one model has a figure on each kind; alike, nothing changes", async () => {
  const directory = temporary();
  await recordPeople(directory, ["ann", "bob", "cem"], 4);
  const problem = await writeProblem(directory);
  const settings = { problem, folds: 3, laboratoryWhere: { device: "belt" } };
  const [fold] = (await openStudy(studySettings(directory, settings), ports)).folds;
  if (fold === undefined) throw new Error("no fold");
  const model = await train(fold.field, fold.problem, ports);
  // The same windows on both sides: the two kinds of device are both belts here.
  const options = { ...tested(fold), released: model, recovered: model };
  const changed = await macroF1Of(options, ports);
  expect(changed.released).toBeGreaterThan(0.8);
  expect(changed).toEqual({
    ...{ released: changed.released, changed: changed.released, recovered: changed.released },
  });
  const alike = tested({ ...fold, laboratory: fold.field });
  expect(alike.heldInLaboratory).toBeUndefined();
  expect(await macroF1Of({ ...options, ...alike }, ports)).toEqual({ ...changed, changed: null });
});
