import { expect, test } from "vitest";
import { lossOf } from "../../../../test/reference/loss-of.ts";
import { f32 } from "../../graph/tensor.ts";
import { binaryCrossEntropy, huber, meanAbsolute, meanSquared, quantile } from "./elementwise.ts";

test("mean squared weighs examples, not elements", async () => {
  const [y, t] = [f32([1, 2, 3, 4], [2, 2]), f32([0, 0, 3, 2], [2, 2])];
  expect(await lossOf(meanSquared(), y, t)).toBeCloseTo((1 + 4 + 0 + 4) / 4, 9);
  expect(await lossOf(meanSquared(), y, t, f32([1, 3]))).toBeCloseTo((2.5 + 3 * 2) / 4, 9);
});

test.for([
  ["mean absolute", meanAbsolute(), (2 + 0.5 + 0 + 3) / 4],
  ["Huber", huber(), (1.5 + 0.125 + 0 + 2.5) / 4],
  ["Huber of 2.5", huber(2.5), (2 + 0.125 + 0 + 2.5 * 1.75) / 4],
  ["the 0.9 quantile", quantile(0.9), (1.8 + 0.05 + 0 + 0.3) / 4],
] as const)("%s has its definition's value", async ([, loss, expected]) => {
  const [y, t] = [f32([-1, 1, 5, 2], [2, 2]), f32([1, 0.5, 5, -1], [2, 2])];
  expect(await lossOf(loss, y, t)).toBeCloseTo(expected, 6);
});

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

test("options that make no sense are refused", () => {
  const invalid = expect.objectContaining({ code: "LOSS_INVALID" });
  expect(() => huber(0)).toThrow(invalid);
  expect(() => quantile(1)).toThrow(invalid);
});
