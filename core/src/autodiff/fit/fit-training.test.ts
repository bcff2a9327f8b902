import { expect, test } from "vitest";
import { keywordCnn, perceptron } from "../../../../test/bench/engine-models.ts";
import { graphBuilder } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { estimateTraining } from "../estimate-training.ts";
import { softmaxCrossEntropy } from "../losses/cross-entropy.ts";
import { meanSquared } from "../losses/elementwise.ts";
import { adam } from "../optimizers/adam.ts";
import { sgd } from "../optimizers/sgd.ts";
import { trainingStep } from "../training-step.ts";
import type { FitOptions } from "./fit-training.ts";
import { fitTraining } from "./fit-training.ts";

const options = { loss: softmaxCrossEntropy(), optimizer: sgd(), trainable: () => true };
const [separable, product] = [keywordCnn(), perceptron()];
const mebibyte = 2 ** 20;

const fitted = (budgetMebibytes: number | undefined, over: Partial<FitOptions> = {}) =>
  fitTraining(separable, options, {
    sizes: { N: 128 },
    ...(budgetMebibytes === undefined ? {} : { budgetBytes: budgetMebibytes * mebibyte }),
    ...over,
  });

test("what fits stays as it is", () => {
  const found = fitted(undefined);
  expect(found.step).toEqual(
    trainingStep(separable, { ...options, trainable: found.step.parameters }),
  );
  expect(found).toMatchObject({ left: [], recompute: 1, microBatches: 1 });
  expect(found.after).toEqual(found.before);
});

test("where normalizations train, activations are made again before the batch is split", () => {
  const whole = fitted(undefined).before.peakBytes / mebibyte;
  const again = fitted(0.9 * whole);
  expect(again).toMatchObject({ left: [], microBatches: 1 });
  expect(again.recompute).toBeGreaterThan(1);
  const split = fitted(0.5 * whole);
  expect(split).toMatchObject({ left: [] });
  expect(split.microBatches).toBeGreaterThan(1);
  for (const { after, step } of [again, split]) {
    expect(estimateTraining(step, { sizes: { N: 128 } })).toEqual(after);
  }
});

test("a network without statistics has its batch split first", () => {
  const fit = { sizes: { N: 2048 } };
  const { before } = fitTraining(product, options, fit);
  const found = fitTraining(product, options, { ...fit, budgetBytes: 0.7 * before.peakBytes });
  expect(found).toMatchObject({ left: [], recompute: 1 });
  expect(found.microBatches).toBeGreaterThan(1);
  expect(found.after.peakBytes).toBeLessThanOrEqual(0.7 * before.peakBytes);
});

test("then the last layers are trained, as many as fit", () => {
  const found = fitTraining(
    product,
    { ...options, optimizer: adam() },
    { sizes: { N: 8 }, budgetBytes: 12 * mebibyte },
  );
  expect(found.step.parameters).toEqual(["dense2.weight", "dense2.bias"]);
  expect(found.left).toEqual(["dense1.weight", "dense1.bias"]);
  expect(found.after.peakBytes).toBeLessThanOrEqual(12 * mebibyte);
});

test("biases and normalization train those alone", () => {
  const biases = fitted(undefined, { choose: "biases" });
  expect(biases.step.parameters.every((name) => name.endsWith("bias"))).toBe(true);
  const normal = fitted(undefined, { choose: "normalization" });
  expect(normal.step.parameters).toHaveLength(18);
  expect(normal.left).not.toEqual([]);
  expect(normal.after.peakBytes).toBeLessThan(normal.before.peakBytes);
});

/** Two products of equal size. */
function twins() {
  const b = graphBuilder("twins");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 256] });
  const weight = (name: string): string =>
    b.initializer(name, f32(new Float32Array(2 ** 16), [256, 256]));
  const hidden = b.add("Relu", [b.add("MatMul", [x, weight("first")])]);
  b.add("MatMul", [hidden, weight("second")], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 256] });
  return b.build();
}

// Both take the same bytes and do not fit together, so the one that matters more is trained, wherever it stands.
test("importance takes what matters most for its bytes", () => {
  for (const [name, other] of [
    ["first", "second"],
    ["second", "first"],
  ] as const) {
    const fit = { sizes: { N: 1 }, choose: "importance" } as const;
    const recipe = { loss: meanSquared(), optimizer: adam(), trainable: () => true };
    const one = fitTraining(twins(), { ...recipe, trainable: ["first"] }, fit).after.peakBytes;
    const found = fitTraining(twins(), recipe, {
      ...fit,
      budgetBytes: 1.05 * one,
      importance: new Map([
        [name, 3],
        [other, 2],
      ]),
    });
    expect(found).toMatchObject({ left: [other], step: { parameters: [name] } });
  }
});

test("a budget that nothing fits says the least that would do, and that fits", () => {
  const attempt = (budgetBytes: number) =>
    fitTraining(separable, options, { sizes: { N: 8 }, budgetBytes });
  let leastBytes = 0;
  try {
    attempt(1000);
  } catch (error) {
    expect(error).toMatchObject({
      code: "MEMORY_BUDGET_TOO_SMALL",
      message: expect.stringMatching(
        /^no way of training fits 1000 bytes; the least .* \d+ bytes$/,
      ),
    });
    ({ leastBytes } = (error as { readonly details: { readonly leastBytes: number } }).details);
  }
  expect(leastBytes).toBeGreaterThan(1000);
  expect(attempt(leastBytes).after.peakBytes).toBe(leastBytes);
});

test("a choice that leaves nothing is refused", () => {
  expect(() => fitTraining(product, options, { sizes: { N: 8 }, choose: "normalization" })).toThrow(
    expect.objectContaining({
      code: "TRAINABLE_NONE",
      message: expect.stringContaining('the choice "normalization" leaves nothing to train'),
    }),
  );
});
