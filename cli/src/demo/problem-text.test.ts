import { parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import { epochUs, packetSamples, periodUs, plantStream } from "./plant/plant-stream.ts";
import { pumpProblem, pumpProblemOf } from "./problem-text.ts";
import { demoNames } from "./settings.ts";

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

const gatewayCounts = Array.from({ length: 30 }, (_, index) => index + 3);

test.for(gatewayCounts)(
  "what the loop of %i gateways waits for, they can give without one of them",
  (gateways) => {
    const { loop } = parseProblem(pumpProblemOf(gateways), "edgeloop.yaml");
    const asked = minimaOf(loop);
    expect(loop).toMatchObject({ approve: "automatic" });
    expect(asked).toHaveLength(3);
    for (const count of asked) {
      expect(count).toBeLessThan(gateways);
      expect(count).toBeGreaterThan(gateways / 2);
    }
  },
);

test("six gateways wait for four of them, and for 5000 labels", () => {
  expect(minimaOf(problem.loop)).toEqual([4, 4, 4]);
  expect(problem.loop).toMatchObject({ retrain: { labels: { countMin: 5000 } } });
});

test("a bigger plant waits for more labels, so that they do not begin what drift should", () => {
  const { loop } = parseProblem(pumpProblemOf(32), "edgeloop.yaml");
  expect(loop).toMatchObject({ retrain: { labels: { countMin: 26_667 } } });
});

/** Every number of devices that a loop asks for. */
function minimaOf(loop: unknown): readonly number[] {
  const { retrain, cohortMin } = loop as {
    retrain: Record<string, { devicesMin?: number }>;
    cohortMin: number;
  };
  return [cohortMin, ...Object.values(retrain).flatMap(({ devicesMin }) => devicesMin ?? [])];
}
