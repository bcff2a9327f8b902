import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors, encodeOnnx, f32, graphBuilder, scalar } from "@edgeloop/core/graph";
import { openSession } from "@edgeloop/core/runtime/node";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./model-trainable.ts";

/** y = x w + b with w = 2 and b = 1. */
function modelFile(): { model: string; output: string; start: string } {
  const builder = graphBuilder("line");
  const x = builder.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  const product = builder.add("MatMul", [x, builder.initializer("w", f32([2], [1, 1]))]);
  builder.add("Add", [product, builder.initializer("b", f32([1], [1]))], { outputs: ["y"] });
  builder.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  const directory = temporary();
  const file = (name: string): string => join(directory, name);
  writeFileSync(file("model.onnx"), encodeOnnx(builder.build()));
  return { model: file("model.onnx"), output: file("step.onnx"), start: file("step.safetensors") };
}

const recipe = { loss: "mean-squared", optimizer: "sgd:momentum=0.9" };

test("the step that is written learns from the tensors beside it", async () => {
  const { model, output, start } = modelFile();
  const context = testContext();
  const found = await run(context, [model], { ...recipe, output });
  expect(found).toMatchObject({ start, parameters: ["w", "b"] });
  expect(context.said[1]).toBe("trains     w, b");
  const carried = decodeSafetensors(Uint8Array.from(readFileSync(start)));
  expect([...carried.keys()].sort()).toEqual(["b", "b.momentum", "w", "w.momentum"]);
  const session = await openSession(Uint8Array.from(readFileSync(output)), { backend: "wasm" });
  const results = await session.run({
    ...Object.fromEntries(carried),
    x: f32([3], [1, 1]),
    target: f32([4], [1, 1]),
    learningRate: scalar(0.1),
  });
  await session.dispose();
  // Hand computation: y = 7, loss = 9, dy = 6, dw = 18, db = 6.
  expect(Number(results["loss"]?.data[0])).toBeCloseTo(9, 5);
  expect(Number(results["w.next"]?.data[0])).toBeCloseTo(0.2, 5);
  expect(Number(results["b.next"]?.data[0])).toBeCloseTo(0.4, 5);
  expect(Number(results["w.momentum.next"]?.data[0])).toBeCloseTo(18, 5);
});

test("running statistics follow, and are not called trained", async () => {
  const builder = graphBuilder("normal");
  const x = builder.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  const parts = ["scale", "bias", "mean", "variance"].map((name) =>
    builder.initializer(name, f32([1, 1])),
  );
  builder.add("BatchNormalization", [x, ...parts], { outputs: ["y"] });
  builder.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  const model = join(temporary(), "model.onnx");
  writeFileSync(model, encodeOnnx(builder.build()));
  const context = testContext();
  const found = await run(context, [model], { ...recipe, output: join(temporary(), "s.onnx") });
  expect(found).toMatchObject({
    parameters: ["scale", "bias"],
    statistics: ["mean", "variance"],
  });
  expect(context.said).toContain("follows    mean, variance");
});

test("patterns choose what is trained; extras add inputs", async () => {
  const { model, output } = modelFile();
  const found = await run(testContext(), [model], {
    ...{ ...recipe, output, train: "*", freeze: "b", proximal: "0.1", variates: true },
    ...{ weighted: true, clipNorm: "1", weightDecay: "0.01" },
  });
  expect(found).toMatchObject({
    parameters: ["w"],
    inputs: ["x", "target", "weight", "learningRate", "w", "w.momentum", "w.anchor", "w.variate"],
    outputs: ["loss", "w.next", "w.momentum.next"],
  });
});

test("several batches a call have a leading axis, and each its loss", async () => {
  const { model, output, start } = modelFile();
  await run(testContext(), [model], {
    loss: "mean-squared",
    optimizer: "sgd",
    output,
    unroll: "2",
  });
  const carried = decodeSafetensors(Uint8Array.from(readFileSync(start)));
  const session = await openSession(Uint8Array.from(readFileSync(output)), { backend: "wasm" });
  const results = await session.run({
    ...Object.fromEntries(carried),
    x: f32([3, 1], [2, 1, 1]),
    target: f32([4, 1], [2, 1, 1]),
    learningRate: scalar(0.1),
  });
  await session.dispose();
  // Hand computation: w = 0.2 and b = 0.4 after the first step, so y = 0.6; then dw = db = -0.8.
  expect(Array.from(results["loss"]?.data ?? [], Number)).toEqual([9, expect.closeTo(0.16, 5)]);
  expect(Number(results["w.next"]?.data[0])).toBeCloseTo(0.28, 5);
  expect(Number(results["b.next"]?.data[0])).toBeCloseTo(0.48, 5);
});

test("a budget is met, and what was done for it is said", async () => {
  const { model, output } = modelFile();
  const options = { ...recipe, output, batch: "100000" };
  const whole = await run(testContext(), [model], options);
  const { before } = (
    whole as { readonly memory: { readonly before: { readonly peakBytes: number } } }
  ).memory;
  const context = testContext();
  const budget = Math.round(0.9 * before.peakBytes);
  const found = await run(context, [model], { ...options, memoryBudget: `${budget}` });
  expect(found).toMatchObject({ left: [], recompute: 1, parameters: ["w", "b"] });
  const { memory } = found as {
    readonly memory: { readonly after: { readonly peakBytes: number } };
  };
  expect(memory.after.peakBytes).toBeLessThanOrEqual(budget);
  expect(context.said.find((line) => line.startsWith("batch"))).toMatch(/in \d+ parts/);
});

test.for([
  [{ memoryBudget: "few" }, "USAGE", "--memory-budget must be a number of bytes as 64MB"],
  [{ memoryBudget: "1KB" }, "MEMORY_BUDGET_TOO_SMALL", "the least that would do is"],
  [{ choose: "normalization" }, "TRAINABLE_NONE", 'the choice "normalization" leaves nothing'],
  [{ unroll: "0" }, "USAGE", "--unroll must be a whole number from 1 to 256"],
  [{ adapter: "rank=1", unroll: "2" }, "ADAPTER_INVALID", "ask for a lower rank"],
  [{ loss: "hinge" }, "USAGE", "--loss must be one of cross-entropy"],
  [{ optimizer: "lion" }, "USAGE", "--optimizer must be one of sgd"],
  [{ freeze: "*" }, "TRAINABLE_NONE", "nothing is left to train of w, b"],
  [{ loss: "cross-entropy:smoothing=1" }, "LOSS_INVALID", "label smoothing"],
  [{ output: "step.pb" }, "USAGE", "--output must end with .onnx"],
  [{ clipNorm: "-1" }, "USAGE", "--clip-norm must be a number from 0"],
] as const)("%o is refused", async ([options, code, message]) => {
  const { model, output } = modelFile();
  await expect(
    run(testContext(), [model], { ...recipe, output, ...options }),
  ).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});
