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

test("with few channels all taps are one product, from 16 on each is one; groups are a batch", () => {
  const count = (op: string, channels: number, group: number): number => {
    const tensors = {
      x: f32(new Float32Array(channels * 4), [1, channels, 4]),
      w: f32(new Float32Array((4 * channels * 2) / group), [4, channels / group, 2]),
    };
    const { graph } = caseOf("Conv", tensors, {
      attributes: { group: int(group), kernel_shape: ints([2]) },
    });
    return differentiate(graph, ["w"]).nodes.filter((node) => node.op === op).length;
  };
  expect([count("Gemm", 15, 1), count("Gemm", 16, 1)]).toEqual([1, 2]);
  expect([count("Gemm", 8, 2), count("MatMul", 8, 2)]).toEqual([0, 1]);
});

test("the first layer's input gradient is not computed when nobody asks for it", () => {
  const convolutions = differentiate(conv(1, 1).graph, ["w"]).nodes.filter((n) => n.op === "Conv");
  expect(convolutions.length).toBe(1);
});
