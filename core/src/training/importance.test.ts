import { expect, test } from "vitest";
import { meanSquared, sgd, trainingStep } from "../autodiff/index.ts";
import { graphBuilder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { openSession } from "../runtime/open.ts";
import { measureImportance } from "./importance.ts";

// By hand: y = a x + b at a = 2, b = 1. x = 1 and target 0: dy = 6, da = 6, db = 6. x = 3 and target 7: dy = 0.
test("importance is the squared length of the gradient, averaged over batches", async () => {
  const b = graphBuilder("line");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  const product = b.add("MatMul", [x, b.initializer("a", f32([2], [1, 1]))]);
  b.add("Add", [product, b.initializer("b", f32([1], [1]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  const step = trainingStep(b.build(), {
    ...{ loss: meanSquared(), optimizer: sgd(), trainable: () => true },
  });
  const session = await openSession(step.graph, { backend: "wasm" });
  const batch = (input: number, target: number) => ({
    x: f32([input], [1, 1]),
    target: f32([target], [1, 1]),
  });
  const found = await measureImportance({
    session,
    initial: Object.fromEntries(step.initial),
    parameters: step.parameters,
    batches: [batch(1, 0), batch(3, 7)],
  });
  await session.dispose();
  expect([...found]).toEqual([
    ["a", 18],
    ["b", 18],
  ]);
});
