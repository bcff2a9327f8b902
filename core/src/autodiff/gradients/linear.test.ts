import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { f32 } from "../../graph/tensor.ts";
import { linear } from "./linear.ts";

gradientContract(linear);

test("an empty batch gives gradient 0 to the weight", async () => {
  const tensors = { a: f32([], [0, 2]), b: f32([1, 2, 3, 4, 5, 6], [2, 3]) };
  for (const op of ["MatMul", "Gemm"]) {
    const { graph, feeds } = caseOf(op, tensors, { symbolic: ["a"] });
    const found = await gradientsOf(graph, feeds, f32([], [0, 3]));
    expect(found).toEqual({ a: [], b: [0, 0, 0, 0, 0, 0] });
  }
});
