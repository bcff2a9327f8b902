import { expect, test } from "vitest";
import { engines, operatorsOf, runTflite } from "../../../../../test/tflite-oracle.ts";
import { graphBuilder, int } from "../../../graph/builder.ts";
import { f32 } from "../../../graph/tensor.ts";
import { toTflite } from "../../to-tflite.ts";

const times = (x: readonly number[], shape: readonly number[]) => f32(x, shape);

test("Gemm takes alpha, beta and either order of the weights", async () => {
  for (const transB of [0, 1]) {
    const b = graphBuilder("gemm");
    b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
    const weights =
      transB === 1 ? f32([1, 2, 3, 4, 5, 6], [3, 2]) : f32([1, 3, 5, 2, 4, 6], [2, 3]);
    b.add("Gemm", ["x", b.constant(weights), b.constant(f32([1, 2, 3]))], {
      attributes: {
        transB: int(transB),
        alpha: { kind: "float", value: 2 },
        beta: { kind: "float", value: 10 },
      },
      outputs: ["y"],
    });
    b.output({ name: "y", dtype: "float32", shape: ["N", 3] });
    for (const engine of engines) {
      const { y } = await runTflite(toTflite(b.build()), engine, { x: times([1, 1], [1, 2]) });
      // 2 · (1+2, 3+4, 5+6) + 10 · (1, 2, 3)
      expect(y).toEqual(f32([16, 34, 52], [1, 3]));
    }
  }
});

test("MatMul of constants and of two computed values", async () => {
  const b = graphBuilder("products");
  b.input({ name: "x", dtype: "float32", shape: [1, 2, 2] });
  const half = b.add("MatMul", ["x", b.constant(f32([1, 2, 3, 4], [2, 2]))]);
  b.add("MatMul", [half, "x"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  const model = toTflite(b.build());
  expect(operatorsOf(model)).toContain("BATCH_MATMUL");
  for (const engine of engines) {
    const { y } = await runTflite(model, engine, { x: f32([1, 0, 0, 2], [1, 2, 2]) });
    // [[1, 2], [6, 8]] times [[1, 0], [0, 2]]
    expect(y).toEqual(f32([1, 4, 6, 16], [1, 2, 2]));
  }
});

test("a flattened convolution goes into a product without moving its channels", async () => {
  const b = graphBuilder("flat");
  b.input({ name: "x", dtype: "float32", shape: [1, 1, 2, 2] });
  const two = b.add("Conv", ["x", b.constant(f32([1, 10], [2, 1, 1, 1]))]);
  const flat = b.add("Flatten", [two]);
  const weights = f32([1, 2, 3, 4, 5, 6, 7, 8], [8, 1]);
  b.add("MatMul", [flat, b.constant(weights)], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  const model = toTflite(b.build());
  expect(operatorsOf(model)).not.toContain("TRANSPOSE");
  for (const engine of engines) {
    const { y } = await runTflite(model, engine, { x: f32([1, 2, 3, 4], [1, 1, 2, 2]) });
    // 1+4+9+16 and 10 · (5+12+21+32)
    expect(y).toEqual(f32([730], [1, 1]));
  }
});
