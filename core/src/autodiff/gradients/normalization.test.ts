import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { f32 } from "../../graph/tensor.ts";
import { normalization } from "./normalization.ts";

gradientContract(normalization);

test("a shift common to a normalized row changes nothing: its gradient sums to 0", async () => {
  const tensors = { x: f32([1, 4, 2, 8], [1, 4]), scale: f32([1, 2, 3, 4]) };
  const { graph, feeds } = caseOf("LayerNormalization", tensors);
  const { x } = await gradientsOf(graph, feeds, f32([1, -2, 0.5, 3], [1, 4]));
  expect(x!.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
});
