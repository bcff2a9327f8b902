import { expect, test } from "vitest";
import { lossOf } from "../../../../test/reference/loss-of.ts";
import { f32 } from "../../graph/tensor.ts";
import { meanSquared } from "./elementwise.ts";
import { batchOf } from "./loss.ts";

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
