import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { int } from "../../graph/builder.ts";
import { f32, i64 } from "../../graph/tensor.ts";
import { reduction } from "./reduction.ts";

gradientContract(reduction);

test("equal extremes share the gradient", async () => {
  for (const op of ["ReduceMax", "ReduceMin"]) {
    const { graph, feeds } = caseOf(op, { x: f32([2, 2, 2, 2]) });
    expect((await gradientsOf(graph, feeds, f32([1])))["x"]).toEqual([0.25, 0.25, 0.25, 0.25]);
  }
});

test("the length of a zero vector has gradient 0", async () => {
  const { graph, feeds } = caseOf("ReduceL2", { x: f32([0, 0]) });
  expect((await gradientsOf(graph, feeds, f32([1])))["x"]).toEqual([0, 0]);
});

test("a sum over an empty batch sends gradients of its shape", async () => {
  const { graph, feeds } = caseOf(
    "ReduceSum",
    { x: f32([], [0, 2]), axes: i64([0]) },
    { constants: ["axes"], symbolic: ["x"], attributes: { keepdims: int(0) } },
  );
  expect((await gradientsOf(graph, feeds, f32([1, 2])))["x"]).toEqual([]);
});
