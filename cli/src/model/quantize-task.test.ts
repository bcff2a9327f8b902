import { f32, graphBuilder, i64 } from "@edgeloop/core/graph";
import { openSession } from "@edgeloop/core/runtime";
import { expect, test } from "vitest";
import { testContext } from "../testing.ts";
import { quantizeSettings } from "./quantize-options.ts";
import type { QuantizeTask } from "./quantize-task.ts";
import { candidatesOf, counting, lossesOf, once, resultsIn } from "./quantize-task.ts";

/** y = x w for two classes. */
function model(w: readonly number[]) {
  const b = graphBuilder("m");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  b.add("MatMul", [x, b.initializer("w", f32([...w], [2, 2]))], { name: "head", outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  return b.build();
}

function task(): QuantizeTask {
  const graph = model([1, 0, 0, 1]);
  const x = f32([2, 0, 0, 2, 1, 0.5, 3, 4], [4, 2]);
  const data = {
    batches: [{ x }],
    open: async (opened: typeof graph) => await openSession(opened, { backend: "wasm" }),
  };
  return {
    ...{ graph, data, context: testContext(), settings: quantizeSettings({ dynamic: true }) },
    examples: { size: 4, tensors: { x, target: i64([0, 1, 0, 1]) } },
    exact: once(() => resultsIn(data, graph)),
  };
}

test("accuracy is lost where classes change, by hand", async () => {
  // The second class counts twice: the third of four examples changes.
  const { loss, accuracy, agreement } = await lossesOf(task(), model([1, 0, 0, 3]));
  expect([loss, accuracy, agreement]).toEqual([0.25, { before: 1, after: 0.75 }, 0.75]);
});

test("without classes the relative error counts", async () => {
  const { loss, relativeError } = await lossesOf(
    { ...task(), examples: { size: 4, tensors: {} } },
    model([1.1, 0, 0, 1.1]),
  );
  expect(loss).toBeCloseTo(0.1);
  expect(loss).toBe(relativeError);
});

test("a thing is made once, and runs are counted aloud", async () => {
  let made = 0;
  const make = once(async () => {
    made += 1;
    return await Promise.resolve(made);
  });
  expect([await make(), await make()]).toEqual([1, 1]);
  const context = testContext();
  const data = counting({ ...task(), context }, "measuring, layer", 2);
  data.onRun?.();
  data.onRun?.();
  expect(context.progressed).toEqual(["measuring, layer: 1 of 2", "measuring, layer: 2 of 2"]);
});

test("layers that are excluded already are no candidates", () => {
  expect(candidatesOf(task(), []).map(({ name }) => name)).toEqual(["head"]);
  expect(candidatesOf(task(), ["head"])).toEqual([]);
});
