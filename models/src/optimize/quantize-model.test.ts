import { virtualClock } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { accuracy, totalConfusion } from "@edgeloop/core/statistics";
import { expect, test } from "vitest";
import { evaluateModel } from "../evaluate/evaluate-model.ts";
import { toneExamples, tonesProblem } from "../testing/tones.ts";
import { modelGraph } from "../train/model-graph.ts";
import { fitScaling } from "../train/scaling.ts";
import { trainModel } from "../train/train-model.ts";
import { quantizeModel, spread } from "./quantize-model.ts";

const open = (model: Parameters<typeof openSession>[0]) => openSession(model, { backend: "wasm" });

test("int8 is within a point of float, and its weights are int8", async () => {
  const examples = toneExamples(160, 4, 1);
  const scaling = fitScaling(examples, tonesProblem.sensor.channels);
  const float = await trainModel(modelGraph(tonesProblem, scaling, 1), examples, tonesProblem, {
    open,
    clock: virtualClock(),
  });
  const int8 = await quantizeModel(float, examples, { open, windowsMax: 64 });
  const held = toneExamples(300, 2, 5);
  const accuracyOf = async (graph: typeof float): Promise<number> => {
    const session = await open(graph);
    const confusion = await evaluateModel(session, held, tonesProblem.classes);
    await session.dispose();
    return accuracy(totalConfusion(tonesProblem.classes, confusion));
  };
  expect(Math.abs((await accuracyOf(float)) - (await accuracyOf(int8)))).toBeLessThanOrEqual(0.01);
  expect(
    [...int8.initializers.values()].filter(({ dtype }) => dtype === "int8").length,
  ).toBeGreaterThan(2);
});

test("a spread keeps the order and takes from the whole", () => {
  const some = spread(toneExamples(100, 100, 1), 4);
  expect(some.groups).toEqual(["probe-0", "probe-25", "probe-50", "probe-75"]);
  expect(spread(some, 10).labels).toHaveLength(4);
});
