import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { f32, i64 } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { lossGraph } from "./loss-graph.ts";
import { softmaxCrossEntropy } from "./losses/cross-entropy.ts";
import { meanSquared } from "./losses/elementwise.ts";

function model(op: "Softmax" | "Relu"): Graph {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  const product = b.add("MatMul", ["x", b.initializer("w", f32([1, 2], [1, 2]))]);
  b.add(op, [product], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  return b.build();
}

const x = f32([3], [1, 1]);

// Hand computation: (3 w - target)^2, for the model's own weights and for others.
test("the loss is that of the parameters that are fed", () => {
  const graph = lossGraph(model("Relu"), { loss: meanSquared(), parameters: ["w"] });
  validate(graph);
  const at = (w: number[]): unknown =>
    run(graph, { x, w: f32(w, [1, 2]), target: f32([0, 0], [1, 2]) })["loss"]?.data[0];
  expect([at([1, 2]), at([1, 0])]).toEqual([(9 + 36) / 2, 4.5]);
});

test("a softmax at the end is part of the cross-entropy, not before it", () => {
  const graph = lossGraph(model("Softmax"), { loss: softmaxCrossEntropy() });
  const found = run(graph, { x, target: i64([1]) })["loss"]?.data[0];
  expect(found).toBeCloseTo(Math.log(1 + Math.exp(-3)), 9);
});

test("an output that is not there is named", () => {
  expect(() => lossGraph(model("Relu"), { loss: meanSquared(), output: "z" })).toThrow(
    expect.objectContaining({ code: "VALUE_UNKNOWN", message: "the model has no output z" }),
  );
});
