import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { ints } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { pooling } from "./pooling.ts";

gradientContract(pooling);

const window = (kernel: number, stride: number) => ({
  kernel_shape: ints([kernel]),
  strides: ints([stride]),
});

test("the first of equal maxima takes the whole gradient", async () => {
  const x = f32([3, 3, 1, 1, 2, 2], [1, 1, 6]);
  const tiling = caseOf("MaxPool", { x }, { attributes: window(2, 2) });
  const found = await gradientsOf(tiling.graph, tiling.feeds, f32([1, 2, 3], [1, 1, 3]));
  expect(found["x"]).toEqual([1, 0, 2, 0, 3, 0]);
  const overlapping = caseOf("MaxPool", { x }, { attributes: window(3, 1) });
  const up = f32([1, 2, 3, 4], [1, 1, 4]);
  expect((await gradientsOf(overlapping.graph, overlapping.feeds, up))["x"]).toEqual([
    1, 2, 0, 0, 7, 0,
  ]);
  const global = caseOf("GlobalMaxPool", { x });
  expect((await gradientsOf(global.graph, global.feeds, f32([5], [1, 1, 1])))["x"]).toEqual([
    5, 0, 0, 0, 0, 0,
  ]);
});

test("what no window reaches has gradient 0", async () => {
  const x = f32([1, 2, 3, 4, 9], [1, 1, 5]);
  for (const [op, expected] of [
    ["MaxPool", [0, 1, 0, 1, 0]],
    ["AveragePool", [0.5, 0.5, 0.5, 0.5, 0]],
  ] as const) {
    const { graph, feeds } = caseOf(op, { x }, { attributes: window(2, 2) });
    expect((await gradientsOf(graph, feeds, f32([1, 1], [1, 1, 2])))["x"]).toEqual(expected);
  }
});
