import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/cases.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { float } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { activation } from "./activation.ts";

gradientContract(activation);

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
