import { expect, test } from "vitest";
import { run } from "../../../../test/reference/interpreter.ts";
import { runOnnx, runtimes } from "../../../../test/reference/onnxruntime.ts";
import { graphBuilder } from "../../graph/builder.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, i64 } from "../../graph/tensor.ts";
import { emitter } from "../emitter.ts";
import { softmaxCrossEntropy } from "./cross-entropy.ts";
import { binaryCrossEntropy, huber, meanAbsolute, meanSquared, quantile } from "./elementwise.ts";
import type { Loss } from "./loss.ts";

async function lossOf(
  loss: Loss,
  output: Tensor,
  target: Tensor,
  weight?: Tensor,
): Promise<number> {
  const b = graphBuilder("loss");
  const info = { name: "output", dtype: output.dtype, shape: ["N", ...output.shape.slice(1)] };
  b.input(info);
  b.input({ name: "target", ...loss.target(info) });
  if (weight !== undefined) b.input({ name: "weight", dtype: "float32", shape: ["N"] });
  const weighted = weight === undefined ? {} : { weight: "weight" };
  const name = loss.emit(emitter(b, "loss"), { output: info, target: "target", ...weighted });
  b.output({ name, dtype: "float32", shape: [] });
  const feeds = { output, target, ...(weight === undefined ? {} : { weight }) };
  const expected = Number(run(b.build(), feeds)[name]!.data[0]);
  for (const key of runtimes.keys()) {
    expect(Number((await runOnnx(b.build(), feeds, key))[name]!.data[0])).toBeCloseTo(expected, 5);
  }
  return expected;
}

const logits = f32([1, 2, 3, -1, 0.5, 0, 2, 2, -3], [3, 3]);
const classes = i64([2, 0, 1]);

// torch.nn.functional.cross_entropy 2.13 in float64 on the same logits and targets.
test.for([
  [{}, 1.0694157],
  [{ labelSmoothing: 0.2 }, 1.1916379],
  [{ classWeights: [1, 2, 0.5] }, 1.0574156],
  [{ labelSmoothing: 0.2, classWeights: [1, 2, 0.5] }, 1.1169585],
] as const)("cross-entropy with %o is PyTorch's", async ([options, expected]) => {
  expect(await lossOf(softmaxCrossEntropy(options), logits, classes)).toBeCloseTo(expected, 6);
});

// Hand computation: the weighted mean of the examples' own losses.
test("weights are a weighted mean", async () => {
  const own = await Promise.all(
    [0, 1, 2].map((i) =>
      lossOf(
        softmaxCrossEntropy(),
        f32((logits.data as Float32Array).slice(i * 3, i * 3 + 3), [1, 3]),
        i64([Number(classes.data[i])]),
      ),
    ),
  );
  const weighted = await lossOf(softmaxCrossEntropy(), logits, classes, f32([1, 0.5, 3]));
  expect(weighted).toBeCloseTo((own[0]! + 0.5 * own[1]! + 3 * own[2]!) / 4.5, 9);
});

test("a very wrong logit gives a large loss, not an infinite one", async () => {
  const loss = await lossOf(softmaxCrossEntropy(), f32([1000, -1000], [1, 2]), i64([1]));
  expect(loss).toBeCloseTo(2000, 3);
});

// Hand computation.
test("mean squared weighs examples, not elements", async () => {
  const [y, t] = [f32([1, 2, 3, 4], [2, 2]), f32([0, 0, 3, 2], [2, 2])];
  expect(await lossOf(meanSquared(), y, t)).toBeCloseTo((1 + 4 + 0 + 4) / 4, 9);
  expect(await lossOf(meanSquared(), y, t, f32([1, 3]))).toBeCloseTo((2.5 + 3 * 2) / 4, 9);
});

// Hand computation by the formulas of the functions' definitions, on differences -2, 0.5, 0 and 3 (output - target).
test.for([
  ["mean absolute", meanAbsolute(), (2 + 0.5 + 0 + 3) / 4],
  ["Huber", huber(), (1.5 + 0.125 + 0 + 2.5) / 4],
  ["Huber of 2.5", huber(2.5), (2 + 0.125 + 0 + 2.5 * 1.75) / 4],
  ["the 0.9 quantile", quantile(0.9), (1.8 + 0.05 + 0 + 0.3) / 4],
] as const)("%s has its definition's value", async ([, loss, expected]) => {
  const [y, t] = [f32([-1, 1, 5, 2], [2, 2]), f32([1, 0.5, 5, -1], [2, 2])];
  expect(await lossOf(loss, y, t)).toBeCloseTo(expected, 6);
});

// Hand computation: -t log s(x) - (1 - t) log(1 - s(x)); at a logit of 100 the loss is that logit.
test("binary cross-entropy is that of a sigmoid, and finite", async () => {
  const s = (x: number): number => 1 / (1 + Math.exp(-x));
  const own = [
    -Math.log(s(0.5)),
    -Math.log(1 - s(-2)),
    -0.3 * Math.log(s(1)) - 0.7 * Math.log(1 - s(1)),
    100,
  ];
  const found = await lossOf(
    binaryCrossEntropy(),
    f32([0.5, -2, 1, 100], [4, 1]),
    f32([1, 0, 0.3, 0], [4, 1]),
  );
  expect(found).toBeCloseTo(own.reduce((a, b) => a + b) / 4, 4);
});

test("a soft target that is one class is that class", async () => {
  const soft = f32([0, 0, 1, 1, 0, 0, 0, 1, 0], [3, 3]);
  const hard = await lossOf(softmaxCrossEntropy({ labelSmoothing: 0.1 }), logits, classes);
  const found = softmaxCrossEntropy({ labelSmoothing: 0.1, softTarget: true });
  expect(await lossOf(found, logits, soft)).toBeCloseTo(hard, 9);
});

test("outputs and options that do not suit are refused", () => {
  const invalid = expect.objectContaining({ code: "LOSS_INVALID" });
  const loss = softmaxCrossEntropy({ classWeights: [1, 2] });
  const info = (shape: readonly (number | string)[]) => ({
    name: "y",
    dtype: "float32" as const,
    shape,
  });
  expect(() => softmaxCrossEntropy({ labelSmoothing: 1 })).toThrow(invalid);
  expect(() => loss.target(info(["N", 3]))).toThrow(invalid);
  expect(() => loss.target(info(["N", 2, 2]))).toThrow(invalid);
  expect(() => meanSquared().target(info([]))).toThrow(invalid);
  expect(() => huber(0)).toThrow(invalid);
  expect(() => quantile(1)).toThrow(invalid);
});
