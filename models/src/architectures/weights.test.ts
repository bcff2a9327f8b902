import { seededRng } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { filled, heNormal, uniformFanIn } from "./weights.ts";

const moments = (data: Float32Array): { mean: number; variance: number } => {
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  return { mean, variance: data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length };
};

test("He weights have variance 2 over fan-in", () => {
  const { mean, variance } = moments(heNormal([2000, 10, 5], seededRng(1)).data);
  expect(mean).toBeCloseTo(0, 2);
  expect(variance).toBeCloseTo(2 / 50, 3);
});

test("uniform weights stay within one over the root of fan-in and fill it", () => {
  const { data } = uniformFanIn([300, 16], seededRng(1));
  expect(Math.max(...data)).toBeLessThanOrEqual(0.25);
  // The variance of U(-b, b) is b² / 3.
  expect(moments(data).variance).toBeCloseTo(0.25 ** 2 / 3, 3);
});

test("filled repeats one value over the shape", () => {
  expect(filled([2, 3], 4)).toEqual({
    dtype: "float32",
    shape: [2, 3],
    data: new Float32Array(6).fill(4),
  });
});
