import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import type { Attributes } from "../../graph/builder.ts";
import { float, int } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { batchNormalization } from "./batch-normalization.ts";

gradientContract(batchNormalization);

test("in training mode a shift of the batch changes nothing, frozen it does", async () => {
  const up = f32([1, -2, 0.5, 3], [4, 1]);
  const sum = async (attributes: Attributes): Promise<number> => {
    // Made anew each time: onnxruntime writes over the running statistics that it is fed.
    const vectors = { scale: f32([2]), bias: f32([1]), mean: f32([0.5]), var: f32([4]) };
    const tensors = { x: f32([1, 4, 2, 8], [4, 1]), ...vectors };
    const { graph, feeds } = caseOf("BatchNormalization", tensors, {
      attributes,
      outputs: attributes["training_mode"] === undefined ? 1 : 3,
    });
    return (await gradientsOf(graph, feeds, up))["x"]!.reduce((a, b) => a + b, 0);
  };
  expect(await sum({ training_mode: int(1) })).toBeCloseTo(0, 9);
  // Hand computation: scale / sqrt(var) = 1 times the sum of what arrives.
  expect(await sum({ epsilon: float(0) })).toBeCloseTo(2.5, 9);
});

test("the running statistics do not influence the output in training mode", async () => {
  const vectors = { scale: f32([2]), bias: f32([1]), mean: f32([0.5]), var: f32([4]) };
  const { graph, feeds } = caseOf(
    "BatchNormalization",
    { x: f32([1, 4], [2, 1]), ...vectors },
    { attributes: { training_mode: int(1) }, outputs: 3 },
  );
  expect(await gradientsOf(graph, feeds, f32([1, 2], [2, 1]))).toMatchObject({
    mean: [0],
    var: [0],
  });
});
