import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { emitter } from "./emitter.ts";
import { emitStatistics, trainingMode } from "./training-mode.ts";

function normalized() {
  const b = graphBuilder("normalized");
  b.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  for (const [name, value] of Object.entries({ scale: 2, bias: 1, mean: 10, var: 4 })) {
    b.initializer(name, f32([value]));
  }
  b.add("BatchNormalization", ["x", "scale", "bias", "mean", "var"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  return b.build();
}

// ONNX BatchNormalization: running * 0.9 + batch * 0.1, population variance. The batch has mean 3 and variance 4.
test("running statistics move towards the batch's", () => {
  const { graph, statistics } = trainingMode(normalized(), (name) => name === "scale");
  const b = graphBuilder(graph);
  emitStatistics(emitter(b, "step"), statistics);
  const out = run(b.build(), { x: f32([1, 5], [2, 1]) }, ["y", "mean.next", "var.next"]);
  expect(Number(out["mean.next"]!.data[0])).toBeCloseTo(9.3, 6);
  expect(Number(out["var.next"]!.data[0])).toBeCloseTo(4, 6);
  expect(Number(out["y"]!.data[1])).toBeCloseTo(3, 4);
});

test("a normalization that does not train stays as it is", () => {
  const graph = normalized();
  expect(trainingMode(graph, () => false)).toEqual({ graph, statistics: [] });
});
