import { virtualClock } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { accuracy, totalConfusion } from "@edgeloop/core/statistics";
import { expect, test } from "vitest";
import { evaluateModel } from "../evaluate/evaluate-model.ts";
import { toneExamples, tonesProblem } from "../testing/tones.ts";
import { modelGraph } from "./model-graph.ts";
import { fitScaling } from "./scaling.ts";
import { isWeight, trainModel } from "./train-model.ts";

const open = (model: Parameters<typeof openSession>[0]) => openSession(model, { backend: "wasm" });
const ports = { open, clock: virtualClock() };
const examples = toneExamples(160, 4, 1);
const graph = modelGraph(tonesProblem, fitScaling(examples, tonesProblem.sensor.channels), 1);

test("a model learns to tell tones that it has not heard, and the loss falls", async () => {
  const losses: number[] = [];
  const trained = await trainModel(graph, examples, tonesProblem, {
    ...ports,
    onEpoch: ({ loss }) => losses.push(loss),
  });
  expect(losses).toHaveLength(6);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
  const session = await open(trained);
  const { classes } = tonesProblem;
  const confusion = await evaluateModel(session, toneExamples(100, 2, 2), classes);
  expect(Object.keys(confusion).toSorted()).toEqual(["probe-0", "probe-1"]);
  expect(accuracy(totalConfusion(classes, confusion))).toBeGreaterThan(0.95);
  await session.dispose();
});

test("the same seed trains the same bits; constants of the pipeline are not learned", async () => {
  const short = { ...ports, epochs: 1 };
  const first = await trainModel(graph, examples, tonesProblem, short);
  expect(await trainModel(graph, examples, tonesProblem, short)).toEqual(first);
  const other = await trainModel(graph, examples, tonesProblem, { ...short, seed: 9 });
  expect(other.initializers.get("conv1.weight")).not.toEqual(
    first.initializers.get("conv1.weight"),
  );
  for (const [name, tensor] of graph.initializers) {
    if (!isWeight(name)) expect(first.initializers.get(name)).toEqual(tensor);
  }
});
