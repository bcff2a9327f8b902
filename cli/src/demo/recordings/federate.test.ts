import { readFileSync } from "node:fs";
import { systemClock } from "@edgeloop/core/platform/node";
import { openSession } from "@edgeloop/core/runtime";
import type { TrainPorts } from "@edgeloop/models";
import { examplesOf, fitScaling, modelGraph, parseProblem } from "@edgeloop/models";
import { loadExamples } from "@edgeloop/models/node";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { federate } from "./federate.ts";
import { sameDeviceRounds } from "./settings.ts";
import { recordPeople, writeProblem } from "./testing.ts";

const ports: TrainPorts = {
  open: (graph) => openSession(graph, { backend: "wasm", threads: 1 }),
  clock: systemClock,
};

test("the model after the rounds does not depend on the order of the devices", async () => {
  const directory = temporary();
  await recordPeople(directory, ["ann", "bob", "cem"], 2);
  const problem = parseProblem(readFileSync(await writeProblem(directory), "utf8"), "test");
  const all = await loadExamples(problem, { directory, where: {}, groupBy: "person" });
  const start = modelGraph(problem, fitScaling(all, problem.sensor.channels), 1);
  const devices = ["ann", "bob", "cem"].map((name) => examplesOf(all, (group) => group === name));
  const rounds: number[] = [];
  const options = { problem, start, ...sameDeviceRounds, rounds: 2, seed: 1 };
  const model = await federate(
    { ...options, devices, onRound: (round) => rounds.push(round) },
    ports,
  );
  expect(rounds).toEqual([1, 2]);
  const turned = await federate({ ...options, devices: devices.toReversed() }, ports);
  expect(turned.initializers).toEqual(model.initializers);
  expect(model.initializers).not.toEqual(start.initializers);
});
