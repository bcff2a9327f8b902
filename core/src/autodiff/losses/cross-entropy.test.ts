import { expect, test } from "vitest";
import { lossOf } from "../../../../test/reference/loss-of.ts";
import { f32, i64 } from "../../graph/tensor.ts";
import { softmaxCrossEntropy } from "./cross-entropy.ts";

const logits = f32([1, 2, 3, -1, 0.5, 0, 2, 2, -3], [3, 3]);
const classes = i64([2, 0, 1]);

test.for([
  [{}, 1.0694157],
  [{ labelSmoothing: 0.2 }, 1.1916379],
  [{ classWeights: [1, 2, 0.5] }, 1.0574156],
  [{ labelSmoothing: 0.2, classWeights: [1, 2, 0.5] }, 1.1169585],
] as const)("cross-entropy with %o is PyTorch's", async ([options, expected]) => {
  expect(await lossOf(softmaxCrossEntropy(options), logits, classes)).toBeCloseTo(expected, 6);
});

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

test("a soft target that is one class is that class", async () => {
  const soft = f32([0, 0, 1, 1, 0, 0, 0, 1, 0], [3, 3]);
  const hard = await lossOf(softmaxCrossEntropy({ labelSmoothing: 0.1 }), logits, classes);
  const found = softmaxCrossEntropy({ labelSmoothing: 0.1, softTarget: true });
  expect(await lossOf(found, logits, soft)).toBeCloseTo(hard, 9);
});

test("logits and options that do not suit are refused", () => {
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
});
