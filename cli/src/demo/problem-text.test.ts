import { parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import { epochUs, packetSamples, periodUs, plantStream } from "./plant/plant-stream.ts";
import { pumpProblem } from "./problem-text.ts";
import { demoDefaults, demoNames } from "./settings.ts";

const problem = parseProblem(pumpProblem, "edgeloop.yaml");

test("the problem is of the sensor that the plant has", () => {
  expect(problem.sensor).toMatchObject({ name: demoNames.sensor, rateHz: 1e6 / periodUs });
  expect(problem.sensor.channels.map(({ name }) => name)).toEqual(["x", "y", "z"]);
});

test("a window ends with each packet", () => {
  expect(problem.window.hopSamples).toBe(packetSamples);
  expect(problem.window.lengthSamples % packetSamples).toBe(0);
});

test("the classes are the states that a pump goes through", () => {
  const { segments } = plantStream(1, 0, { endUs: epochUs + 60_000_000 });
  expect(new Set(segments.map(({ state }) => state))).toEqual(new Set(problem.classes));
});

test("what the loop waits for, the demo's fleet can give without one gateway", () => {
  expect(problem.loop).toMatchObject({ approve: "automatic" });
  const { retrain, cohortMin } = problem.loop as {
    retrain: Record<string, { devicesMin?: number }>;
    cohortMin: number;
  };
  const asked = Object.values(retrain).map(({ devicesMin = 0 }) => devicesMin);
  expect(Math.max(cohortMin, ...asked)).toBeLessThan(demoDefaults.gateways);
});
