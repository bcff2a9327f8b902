import { expect, test } from "vitest";
import {
  activityCnn,
  keywordCnn,
  perceptron,
  residualCnn,
} from "../../../test/bench/engine-models.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { openSession } from "../runtime/open.ts";
import { forgetEngine, loadEngine } from "../runtime/wasm-engine.ts";
import { estimateTraining } from "./estimate-training.ts";
import { softmaxCrossEntropy } from "./losses/cross-entropy.ts";
import { meanSquared } from "./losses/elementwise.ts";
import { microBatching } from "./micro-batches.ts";
import { adam } from "./optimizers/adam.ts";
import { sgd } from "./optimizers/sgd.ts";
import { recomputing } from "./recompute.ts";
import type { TrainingStepOptions } from "./training-step.ts";
import { trainingStep } from "./training-step.ts";

type Means = Pick<TrainingStepOptions, "recompute" | "microBatches">;

/** By how much a fresh heap of the runtime is written to: it starts as zeros. */
async function measured(model: Graph, batch: number, only: string, how: Means = {}) {
  forgetEngine(await loadEngine({ threads: 1 }));
  // The next one is another module, once the old one is forgotten.
  await new Promise((resolve) => setImmediate(resolve));
  const module = await loadEngine({ threads: 1 });
  const reach = (): number =>
    4 * (new Int32Array(module.HEAPU8.buffer).findLastIndex((word) => word !== 0) + 1);
  const step = trainingStep(model, {
    loss: softmaxCrossEntropy(),
    optimizer: sgd({ momentum: 0.9 }),
    trainable: (name) => name.startsWith(only),
    ...how,
  });
  const [x] = model.inputs;
  const shape = (x?.shape ?? []).map((dim) => (typeof dim === "number" ? dim : batch));
  const size = shape.reduce((a, b) => a * b, 1);
  const before = reach();
  const session = await openSession(step.graph, { backend: "wasm" });
  const loop = await session.loop({ carry: step.carry, initial: Object.fromEntries(step.initial) });
  for (let at = 0; at < 3; at += 1) {
    await loop.step({
      [x?.name ?? ""]: f32(
        Float32Array.from({ length: size }, (_, i) => Math.sin(i) + 1.1),
        shape,
      ),
      target: i64(Array.from({ length: batch }, (_, i) => i % 4)),
      learningRate: scalar(1e-3),
    });
  }
  const grown = reach() - before;
  await session.dispose();
  return { grown, estimated: estimateTraining(step, { sizes: { N: batch } }) };
}

test.for([
  ["MLP", perceptron(), 32, ""],
  ["MLP, the head alone", perceptron(), 32, "dense2"],
  ["1-D CNN", activityCnn(), 32, ""],
  ["1-D CNN", activityCnn(), 4, ""],
  ["DS-CNN", keywordCnn(), 16, ""],
  ["ResNet-8", residualCnn(), 16, ""],
  ["ResNet-8, the head alone", residualCnn(), 16, "dense"],
] as const)(
  "%s: the estimate is within 20 % of what the heap grows by",
  async ([, model, batch, only]) => {
    const { grown, estimated } = await measured(model, batch, only);
    expect(estimated.peakBytes / grown).toBeGreaterThan(0.8);
    expect(estimated.peakBytes / grown).toBeLessThan(1.2);
  },
);

// A runtime that merged what is made again with what was made first would need as much as without.
test.for([
  ["recomputing", { recompute: recomputing(3) }, 0.85],
  ["micro-batching", { microBatches: microBatching(2) }, 0.75],
] as const)("%s really takes less of the heap, and the estimate knows", async ([, how, share]) => {
  const plain = await measured(keywordCnn(), 16, "");
  const found = await measured(keywordCnn(), 16, "", how);
  expect(found.grown / plain.grown).toBeLessThan(share);
  expect(found.estimated.peakBytes / found.grown).toBeGreaterThan(0.8);
  expect(found.estimated.peakBytes / found.grown).toBeLessThan(1.2);
});

// By hand: w [3, 2] and b [2] trained with two moments and a count; c [2] stays; x [5, 3], target [5, 2], a rate.
test("each part is what its tensors hold", () => {
  const b = graphBuilder("line");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3] });
  const product = b.add("MatMul", [x, b.initializer("w", f32(new Float32Array(6), [3, 2]))]);
  const sum = b.add("Add", [product, b.initializer("b", f32([0, 0]))]);
  b.add("Mul", [sum, b.initializer("c", f32([1, 2]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  const step = trainingStep(b.build(), {
    loss: meanSquared(),
    optimizer: adam(),
    trainable: ["w", "b"],
  });
  const found = estimateTraining(step, { sizes: { N: 5 } });
  expect(found).toMatchObject({
    parameters: 8,
    parameterBytes: 32,
    stateBytes: 64 + 8,
    batchBytes: 4 * 15 + 4 * 10 + 4,
  });
  expect(found.constantBytes).toBeGreaterThanOrEqual(8);
  expect(estimateTraining(step, { sizes: { N: 50 } }).activationBytes).toBeGreaterThan(
    found.activationBytes,
  );
  expect(estimateTraining(step, { backend: "native" }).runtimeBytes).toBeGreaterThan(
    found.runtimeBytes,
  );
});
