import { expect, test } from "vitest";
import { affineOf } from "./affine.ts";
import { float, graphBuilder, int } from "./builder.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

/** What an operator makes of two channels of rank 3. */
function effectOf(op: string, constant: Tensor, isFirst = true) {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32" });
  const c = b.constant(constant);
  b.add(op, isFirst ? ["x", c] : [c, "x"]);
  const graph = b.build();
  const [node] = graph.nodes;
  const affine = node && affineOf(node, "x", { graph, channels: 2, rank: 3 });
  return affine && [[...affine.factor], [...affine.offset]];
}

const perChannel = f32([2, 4], [2, 1]);

// By the meaning of each operator.
test("each operator scales and shifts as it says, in both places", () => {
  expect(effectOf("Add", perChannel)).toEqual([
    [1, 1],
    [2, 4],
  ]);
  expect(effectOf("Sub", perChannel)).toEqual([
    [1, 1],
    [-2, -4],
  ]);
  expect(effectOf("Sub", perChannel, false)).toEqual([
    [-1, -1],
    [2, 4],
  ]);
  expect(effectOf("Mul", perChannel, false)).toEqual([
    [2, 4],
    [0, 0],
  ]);
  expect(effectOf("Div", perChannel)).toEqual([
    [0.5, 0.25],
    [0, 0],
  ]);
  expect(effectOf("Mul", f32([3], []))).toEqual([
    [3, 3],
    [0, 0],
  ]);
});

test("what is more than that is none", () => {
  expect(effectOf("Div", perChannel, false)).toBeUndefined();
  expect(effectOf("Pow", perChannel)).toBeUndefined();
  expect(effectOf("Add", i64([1]))).toBeUndefined();
  expect(effectOf("Add", f32([1, 2, 3]))).toBeUndefined();
  expect(effectOf("Mul", f32([Number.POSITIVE_INFINITY], []))).toBeUndefined();
});

// By hand: factor 4 / √(3 + 1), offset 5 − 6·2.
test("a normalisation is one in inference mode, of as many channels", () => {
  const make = (training: number, channels: number) => {
    const b = graphBuilder("g");
    b.input({ name: "x", dtype: "float32" });
    const parts = [4, 5, 6, 3].map((value) => b.constant(f32([value])));
    const attributes = { epsilon: float(1), training_mode: int(training) };
    b.add("BatchNormalization", ["x", ...parts], { attributes });
    const graph = b.build();
    const [node] = graph.nodes;
    return node && affineOf(node, "x", { graph, channels, rank: 3 });
  };
  expect(make(0, 1)).toEqual({ factor: Float64Array.of(2), offset: Float64Array.of(-7) });
  expect([make(1, 1), make(0, 2)]).toEqual([undefined, undefined]);
});
