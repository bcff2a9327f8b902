import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { difference, engines, runGraph } from "../../../test/run-graph.ts";
import { softmaxCrossEntropy } from "../autodiff/losses/cross-entropy.ts";
import { sgd } from "../autodiff/optimizers/sgd.ts";
import { trainingStep } from "../autodiff/training-step.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { f32 } from "../graph/tensor.ts";
import { fakeQuantize } from "./fake-quantize.ts";
import { integerWeights } from "./integer-weights.ts";
import { observe } from "./observe.ts";
import { quantize } from "./quantize.ts";

const cnn = decodeOnnx(
  readFileSync(new URL("../../../test/fixtures/graph/cnn.onnx", import.meta.url)),
);
const ranges = Object.fromEntries(
  observe(cnn).observed.map((name) => [name, { min: -3, max: 3 + name.length }]),
);
const x = f32(
  Float32Array.from({ length: 96 * 4 }, (_, i) => Math.sin(i * 0.37)),
  [4, 3, 32],
);

test.for(engines)("rounds as the int8 graph of the same ranges does, on %s", async ([, engine]) => {
  const fake = fakeQuantize(cnn, ranges);
  expect(integerWeights(fake)).toEqual(quantize(cnn, ranges));
  const [a, b] = [
    await runGraph(fake, { x }, engine),
    await runGraph(quantize(cnn, ranges), { x }, engine),
  ];
  // A bias is rounded to millionths, which can move a value over the edge between two integers.
  expect(difference(a["logits"], b["logits"])).toBeLessThan(0.02);
});

test("training is asked for weights and biases, never for scales", () => {
  const { initial } = trainingStep(fakeQuantize(cnn, ranges), {
    loss: softmaxCrossEntropy(),
    optimizer: sgd(),
    trainable: () => true,
    output: "logits",
  });
  expect([...initial.keys()].toSorted()).toEqual(
    ["b3", "w1.folded", "w2.folded", "w3"]
      .concat(
        [...initial.keys()].filter((name) => /^(b|n)\d?.*folded$/.test(name) && name !== "b3"),
      )
      .toSorted(),
  );
  expect([...initial.keys()].some((name) => name.endsWith(".scale"))).toBe(false);
});

test("symmetric activations have their zero in the middle", () => {
  for (const [activations, zero] of [
    ["uint8", 128],
    ["int8", 0],
  ] as const) {
    const { initializers } = fakeQuantize(cnn, ranges, { activations, symmetric: true });
    const zeros = [...initializers].filter(
      ([name, { shape }]) => name.endsWith(".zero_point") && shape.length === 0,
    );
    expect(zeros.length).toBeGreaterThan(3);
    expect(zeros.map(([, { data }]) => Number(data[0]))).toEqual(zeros.map(() => zero));
  }
});

test("a range that was not calibrated is asked for by name", () => {
  expect(() => fakeQuantize(cnn, {})).toThrow(
    expect.objectContaining({
      code: "RANGE_MISSING",
      message: 'calibrate "x.observed" before quantizing',
    }),
  );
});
