import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { int, ints } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";

const conv = (group: number, filters: number) =>
  caseOf(
    "Conv",
    {
      x: f32([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4]),
      w: f32(new Float32Array((filters * 4) / group), [filters, 2 / group, 2]),
    },
    { attributes: { group: int(group), kernel_shape: ints([2]) } },
  );

// Hand computation: dw[m, c, t] = sum over o of up[m, o] * x[c, o + t].
test("each tap of a weight gathers what it met", async () => {
  const { graph, feeds } = conv(1, 1);
  expect((await gradientsOf(graph, feeds, f32([1, 0, 2], [1, 1, 3])))["w"]).toEqual([
    7, 10, 19, 22,
  ]);
  const depthwise = conv(2, 2);
  const up = f32([1, 0, 2, 0, 1, 0], [1, 2, 3]);
  expect((await gradientsOf(depthwise.graph, depthwise.feeds, up))["w"]).toEqual([7, 10, 6, 7]);
});

test("a depthwise weight takes a product a tap, any other one matrix product", () => {
  const ops = (group: number, filters: number) =>
    new Set(differentiate(conv(group, filters).graph, ["w"]).nodes.map((node) => node.op));
  expect(ops(2, 2).has("Gemm") || ops(2, 2).has("MatMul")).toBe(false);
  expect(ops(1, 3).has("Gemm")).toBe(true);
  expect(ops(2, 4).has("MatMul")).toBe(true);
});

test("the first layer's input gradient is not computed when nobody asks for it", () => {
  const convolutions = differentiate(conv(1, 1).graph, ["w"]).nodes.filter((n) => n.op === "Conv");
  expect(convolutions.length).toBe(1);
});
