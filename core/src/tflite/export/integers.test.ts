import { expect, test } from "vitest";
import { graphBuilder, int } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, scalar } from "../../graph/tensor.ts";
import {
  activationQuantization,
  dequantizedConstant,
  sameQuantization,
  weightIntegers,
} from "./integers.ts";

/** A DequantizeLinear of constants. */
function dequantize(from: Tensor, scale: Tensor, zero?: Tensor, more: Record<string, number> = {}) {
  const b = graphBuilder("q");
  const inputs = [from, scale, ...(zero ? [zero] : [])].map((tensor) => b.constant(tensor));
  const attributes = Object.fromEntries(
    Object.entries(more).map(([key, value]) => [key, int(value)]),
  );
  b.add("DequantizeLinear", inputs, { attributes });
  const graph: Graph = b.build();
  return [graph.nodes[0]!, graph] as const;
}

const int8 = (data: readonly number[], shape: readonly number[] = [data.length]): Tensor => ({
  dtype: "int8",
  shape,
  data: Int8Array.from(data),
});
const uint8 = (data: readonly number[], shape: readonly number[] = [data.length]): Tensor => ({
  dtype: "uint8",
  shape,
  data: Uint8Array.from(data),
});

test("an activation's uint8 zero point is 128 less as int8; without one it is uint8 at 0", () => {
  expect(activationQuantization(...dequantize(uint8([1]), scalar(0.5), uint8([130], [])))).toEqual({
    scales: [0.5],
    zeroPoints: [2],
    axis: 0,
  });
  expect(activationQuantization(...dequantize(uint8([1]), scalar(0.5)))?.zeroPoints).toEqual([
    -128,
  ]);
  expect(
    activationQuantization(...dequantize(int8([1]), scalar(0.5), int8([3], [])))?.zeroPoints,
  ).toEqual([3]);
  expect(
    activationQuantization(...dequantize(int8([1, 2]), f32([1, 2]), int8([0, 0]))),
  ).toBeUndefined();
  const wide = { dtype: "int16", shape: [], data: Int16Array.of(0) } as const;
  expect(activationQuantization(...dequantize(wide, scalar(1), wide))).toBeUndefined();
});

test("constants are dequantized by tensor, by axis and by block, int4 too", () => {
  const data = (...args: Parameters<typeof dequantize>) => [
    ...(dequantizedConstant(...dequantize(...args))?.data ?? []),
  ];
  expect(data(int8([1, 2], [2]), scalar(0.5), int8([1], []))).toEqual([0, 0.5]);
  expect(data(int8([1, 2, 3, 4], [2, 2]), f32([1, 10]), undefined, { axis: 0 })).toEqual([
    1, 2, 30, 40,
  ]);
  expect(data(int8([1, 2, 3, 4], [2, 2]), f32([1, 10]), undefined, { axis: 1 })).toEqual([
    1, 20, 3, 40,
  ]);
  // Blocks of two along the last axis: 1 and 2 by 1, 3 and 4 by 10.
  expect(
    data(int8([1, 2, 3, 4], [1, 4]), f32([1, 10], [1, 2]), undefined, { axis: 1, block_size: 2 }),
  ).toEqual([1, 2, 30, 40]);
  // 0x9f: -1 in the low half, -7 in the high one.
  expect(data({ dtype: "int4", shape: [2], data: Uint8Array.of(0x9f) }, scalar(1))).toEqual([
    -1, -7,
  ]);
});

test("weights are integers where they are symmetric", () => {
  expect(
    weightIntegers(...dequantize(int8([1, -2], [2, 1]), f32([1, 2]), undefined, { axis: -2 })),
  ).toEqual({
    data: Int8Array.of(1, -2),
    quantization: { scales: [1, 2], zeroPoints: [0, 0], axis: 0 },
  });
  expect(
    weightIntegers(...dequantize(uint8([128, 255]), scalar(1), uint8([128], [])))?.data,
  ).toEqual(Int8Array.of(0, 127));
  expect(weightIntegers(...dequantize(int8([1]), scalar(1), int8([3], [])))).toBeUndefined();
  expect(weightIntegers(...dequantize(uint8([1]), scalar(1), uint8([0], [])))).toBeUndefined();
});

test("scales that differ by rounding alone are the same", () => {
  const a = { scales: [0.1], zeroPoints: [3], axis: 0 };
  expect(sameQuantization(a, { ...a, scales: [Math.fround(0.1)] })).toBe(true);
  expect(sameQuantization(a, { ...a, zeroPoints: [4] })).toBe(false);
  expect(sameQuantization(a, undefined)).toBe(false);
  expect(sameQuantization(undefined, undefined)).toBe(true);
});
