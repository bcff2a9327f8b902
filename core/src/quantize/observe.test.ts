import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { f32 } from "../graph/tensor.ts";
import { nodeTitle, observe, observedName, observeEvery } from "./observe.ts";

const cnn = decodeOnnx(
  readFileSync(new URL("../../../test/fixtures/graph/cnn.onnx", import.meta.url)),
);

test("observing computes the same, and shows each value once", async () => {
  const { graph, observed } = observe(cnn);
  const x = f32(
    Float32Array.from({ length: 96 }, (_, i) => Math.sin(i)),
    [1, 3, 32],
  );
  const [before, after] = [await runGraph(cnn, { x }), await runGraph(graph, { x })];
  expect(difference(before["logits"], after["logits"])).toBeLessThan(1e-5);
  expect(observed).toEqual(["x.observed", "r1", "n2.y", "r2", "g"]);
  for (const name of observed) expect(after[name]?.dtype).toBe("float32");
  expect(difference(after["x.observed"], x)).toBe(0);
});

test("only inputs get another name", () => {
  expect([observedName(cnn, "x"), observedName(cnn, "r1")]).toEqual(["x.observed", "r1"]);
});

test("what comes before a named value is not observed", () => {
  expect(observe(cnn, { after: ["p1"] }).observed).toEqual(["p1", "n2.y", "r2", "g"]);
});

test("a node is called by its name, or by its first output", () => {
  const node = { op: "Relu", inputs: ["x"], outputs: ["", "y"], attributes: {} };
  expect([nodeTitle({ ...node, name: "act" }), nodeTitle({ ...node, name: "" })]).toEqual([
    ...["act", "y"],
  ]);
});

test("every float value can be watched", async () => {
  const { graph, observed } = observeEvery(cnn);
  expect(observed).toEqual(expect.arrayContaining(["x.observed", "p1", "g", "logits"]));
  const outputs = await runGraph(graph, { x: f32(new Float32Array(96), [1, 3, 32]) });
  for (const name of observed) expect(outputs[name]?.dtype).toBe("float32");
});
