import { systemClock } from "@edgeloop/core/platform/node";
import { openSession } from "@edgeloop/core/runtime";
import type { Examples, Problem, TrainPorts } from "@edgeloop/models";
import { collectExamples, parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import { chooseFlip } from "./choose-augment.ts";
import { deriveProblem } from "./derive-problem.ts";

const ports: TrainPorts = {
  open: (graph) => openSession(graph, { backend: "wasm", threads: 1 }),
  clock: systemClock,
};
const problem: Problem = parseProblem(
  deriveProblem(
    [
      {
        format: 1,
        sensor: "imu",
        channels: ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" })),
        rateHz: 20,
        origin: "test",
        attributes: {},
        parts: [],
      },
    ],
    ["down", "up"],
  ),
  "derived",
);

/** Windows in which only the sign of z tells the classes apart: a half turn about x or y makes one of the other. */
function upright(people: readonly string[]): Examples {
  const list = people.flatMap((group) =>
    Array.from({ length: 40 }, (_, index) => ({
      data: Float32Array.from({ length: 60 }, (_value, at) =>
        at % 3 === 2 ? 18 * (index % 2) - 9 : 0.1,
      ),
      label: index % 2,
      group,
    })),
  );
  return collectExamples({ lengthSamples: 20, channels: 3 }, list);
}

test("half turns that would make one class of another are not chosen", async () => {
  expect(await chooseFlip(problem, upright(["ann", "bob"]), ports)).toBe(false);
});

test("one person alone decides nothing", async () => {
  expect(await chooseFlip(problem, upright(["ann"]), ports)).toBe(false);
});
