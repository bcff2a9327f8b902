import { expect, test } from "vitest";
import { runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int } from "./builder.ts";
import { dequantize } from "./dequantize.ts";
import type { Graph } from "./graph.ts";
import type { Tensor } from "./tensor.ts";
import { f32, scalar } from "./tensor.ts";

const uint8 = (value: number): Tensor => ({
  dtype: "uint8",
  shape: [],
  data: Uint8Array.of(value),
});

/** Elements without the sign of a zero. */
const numbers = (tensor: Tensor | undefined): readonly number[] =>
  [...(tensor?.data ?? [])].map((value) => Number(value) + 0);

/** x, rounded by 0.1 from -1.2 to 24.3, times weights with a scale a column, then rounded to what a Relu would leave. */
function quantized(): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  const round = (value: string, scale: number, zero: number, output?: string): string => {
    const parameters = [b.constant(scalar(scale)), b.constant(uint8(zero))];
    const integers = b.add("QuantizeLinear", [value, ...parameters]);
    return b.add("DequantizeLinear", [integers, ...parameters], {
      ...(output === undefined ? {} : { outputs: [output] }),
    });
  };
  const w = b.initializer("w", {
    dtype: "int8",
    shape: [2, 3],
    data: Int8Array.of(1, 2, 3, -4, 5, -6),
  });
  const scales = b.constant(f32([0.5, 1, 2]));
  const zeros = b.constant({ dtype: "int8", shape: [3], data: Int8Array.of(0, 1, 0) });
  const weights = b.add("DequantizeLinear", [w, scales, zeros], { attributes: { axis: int(1) } });
  round(b.add("MatMul", [round(x, 0.1, 12), weights]), 0.5, 0, "y");
  b.output({ name: "y", dtype: "float32", shape: ["N", 3] });
  return b.build();
}

test("integer weights become float ones, roundings become clips to the same range", async () => {
  const graph = quantized();
  const float = dequantize(graph);
  expect(float.nodes.map(({ op }) => op)).toEqual(["Clip", "MatMul", "Clip"]);
  expect([...float.initializers.values()].every(({ dtype }) => dtype === "float32")).toBe(true);
  // By hand: (w - zero) * scale, a column at a time.
  const weights = float.initializers.get("w.float");
  expect(weights).toEqual(f32([0.5, 1, 6, -2, 4, -12], [2, 3]));
  // Steps of a tenth are met exactly; the second row is clipped at -1.2, and its products below 0.
  const feeds = { x: f32([1, 2, -9, 0.5], [2, 2]) };
  const [expected, actual] = [await runGraph(graph, feeds), await runGraph(float, feeds)];
  expect(numbers(actual["y"])).toEqual([0, 9, 0, 0, expect.closeTo(0.8, 5), 0]);
  // Half a step of 0.5.
  for (const [at, value] of numbers(actual["y"]).entries()) {
    expect(Math.abs(value - (numbers(expected["y"])[at] ?? 0))).toBeLessThanOrEqual(0.2501);
  }
});

test("a graph without integers stays as it is", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2] });
  b.output({ name: b.add("Neg", [x]), dtype: "float32", shape: [2] });
  const graph = b.build();
  expect(dequantize(graph)).toBe(graph);
});

test("blocks of weights with scales of their own, and int4, stay for the runtime", () => {
  const b = graphBuilder("g");
  const w = b.initializer("w", { dtype: "int8", shape: [4], data: Int8Array.of(1, 2, 3, 4) });
  const attributes = { axis: int(0), block_size: int(2) };
  b.add("DequantizeLinear", [w, b.constant(f32([1, 2]))], { attributes, outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [4] });
  const graph = b.build();
  expect(dequantize(graph)).toBe(graph);
});

test("weights that are an output themselves stay", () => {
  const b = graphBuilder("g");
  const w = b.initializer("w", { dtype: "int8", shape: [2], data: Int8Array.of(1, 2) });
  b.add("DequantizeLinear", [w, b.constant(scalar(2))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [2] });
  const graph = b.build();
  expect(dequantize(graph)).toBe(graph);
});
