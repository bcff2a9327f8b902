import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { f32 } from "../graph/tensor.ts";
import { observe, observedName } from "./observe.ts";

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
