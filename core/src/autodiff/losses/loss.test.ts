import { expect, test } from "vitest";
import { lossOf } from "../../../../test/reference/loss-of.ts";
import { f32 } from "../../graph/tensor.ts";
import { meanSquared, reconstruction } from "./elementwise.ts";
import { batchOf, targetOf } from "./loss.ts";

test("the batch is the first axis, and an output without axes has none", () => {
  expect(batchOf({ name: "y", dtype: "float32", shape: ["N", 3] })).toEqual(["N"]);
  expect(() => batchOf({ name: "y", dtype: "float32", shape: [] })).toThrow(
    expect.objectContaining({ code: "LOSS_INVALID" }),
  );
});

test("a batch of no weight has a loss of 0", async () => {
  const [y, t] = [f32([1, 2], [2, 1]), f32([5, 5], [2, 1])];
  expect(await lossOf(meanSquared(), y, t, f32([0, 0]))).toBe(0);
});

test("a reconstruction compares with the model's input, which the output must be like", () => {
  const x = { name: "x", dtype: "float32", shape: ["N", 3] } as const;
  expect(targetOf(meanSquared(), { inputs: [x] }, { ...x, shape: ["N", 1] })).toBe("target");
  expect(targetOf(reconstruction(), { inputs: [x] }, { ...x, name: "y" })).toBe("x");
  expect(() => targetOf(reconstruction(), { inputs: [x] }, { ...x, shape: ["N", 2] })).toThrow(
    expect.objectContaining({
      code: "LOSS_INVALID",
      message: expect.stringContaining(
        '"reconstruction" needs an output of the input\'s shape [N,3]',
      ),
    }),
  );
});
