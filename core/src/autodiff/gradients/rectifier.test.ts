import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { float } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { rectifier } from "./rectifier.ts";

gradientContract(rectifier);

test("at their kink rectifiers have the gradient of the left side", async () => {
  const relu = caseOf("Relu", { x: f32([-1, 0, 1]) });
  expect((await gradientsOf(relu.graph, relu.feeds, f32([1, 1, 1])))["x"]).toEqual([0, 0, 1]);
  const leaky = caseOf("LeakyRelu", { x: f32([-1, 0, 1]) }, { attributes: { alpha: float(0.5) } });
  expect((await gradientsOf(leaky.graph, leaky.feeds, f32([1, 1, 1])))["x"]).toEqual([0.5, 0.5, 1]);
});

test("Relu stops a gradient that is not finite", async () => {
  const { graph, feeds } = caseOf("Relu", { x: f32([-1, 1]) });
  const up = f32([Number.POSITIVE_INFINITY, 2]);
  expect((await gradientsOf(graph, feeds, up))["x"]).toEqual([0, 2]);
});

test("HardSwish is flat below -3 and straight above 3", async () => {
  const { graph, feeds } = caseOf("HardSwish", { x: f32([-4, -3, 0, 3, 4]) });
  const found = (await gradientsOf(graph, feeds, f32([1, 1, 1, 1, 1])))["x"];
  expect(found).toEqual([0, 0, 0.5, 1, 1]);
});

test("HardSigmoid is flat where it is 0 or 1", async () => {
  const { graph, feeds } = caseOf("HardSigmoid", { x: f32([-3, 0, 3]) });
  expect((await gradientsOf(graph, feeds, f32([1, 1, 1])))["x"]).toEqual([
    0,
    expect.closeTo(0.2),
    0,
  ]);
});
