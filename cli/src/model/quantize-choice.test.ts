import type { Graph } from "@edgeloop/core/graph";
import { f32, graphBuilder } from "@edgeloop/core/graph";
import { openSession } from "@edgeloop/core/runtime";
import { expect, test } from "vitest";
import { testContext } from "../testing.ts";
import { chooseFloat, measure } from "./quantize-choice.ts";
import { quantizeSettings } from "./quantize-options.ts";
import type { QuantizeTask } from "./quantize-task.ts";
import { once, resultsIn } from "./quantize-task.ts";

/** Two layers; rounding the first is played by weights that are 20 % off, the second by 1 %. */
function model(first = 1, second = 1): Graph {
  const b = graphBuilder("m");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  const h = b.add("MatMul", [x, b.initializer("w1", f32([first], [1, 1]))], { name: "first" });
  b.add("MatMul", [h, b.initializer("w2", f32([second], [1, 1]))], {
    name: "second",
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  return b.build();
}
const make = (exclude: readonly string[]): Graph =>
  model(exclude.includes("first") ? 1 : 1.2, exclude.includes("second") ? 1 : 1.01);

function task(budget?: string): QuantizeTask {
  const graph = model();
  const data = {
    batches: [{ x: f32([1, 2], [2, 1]) }],
    open: async (opened: Graph) => await openSession(opened, { backend: "wasm" }),
  };
  const settings = quantizeSettings({
    calibration: "d",
    ...(budget === undefined ? {} : { accuracyBudget: budget }),
  });
  const exact = once(() => resultsIn(data, graph));
  return { graph, data, settings, exact, context: testContext() };
}

test.for([
  [undefined, []],
  ["0.5", []],
  ["0.1", ["first"]],
  ["0.001", ["first", "second"]],
] as const)("a budget of %s leaves %j in float", async ([budget, left]) => {
  const found = await chooseFloat(task(budget), { make, alone: make, excluded: [] });
  expect(found.exclude).toEqual(left);
  if (budget !== undefined) {
    expect(found.budget?.loss).toBeLessThanOrEqual(Number(budget));
    expect(found.budget?.lossOfAll).toBeCloseTo(0.212);
  }
});

test("every tensor and every layer alone is measured", async () => {
  const quantized = make([]);
  const { tensors, layers } = await measure(task(), { alone: make, excluded: [], quantized });
  expect(layers.map(({ name }) => name)).toEqual(["first", "second"]);
  // By hand: 20 % off are 20 log10 5 = 13.98 dB, 1 % are 40.
  expect(layers[0]?.signalToNoiseDb).toBeCloseTo(13.98, 1);
  expect(layers[1]?.signalToNoiseDb).toBeCloseTo(40, 1);
  expect(tensors.map(({ name }) => name)).toEqual(["first", "y"]);
});
