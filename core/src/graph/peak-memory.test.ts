import { expect, test } from "vitest";
import { graphBuilder } from "./builder.ts";
import { peakMemory } from "./peak-memory.ts";
import { f32, i64 } from "./tensor.ts";

/** A buffer of so many floats, with an allocator's 80 bytes, in grains of 16. */
const floats = (count: number): number => Math.ceil((4 * count + 80) / 16) * 16;

function chain(ops: readonly string[]) {
  const b = graphBuilder("chain");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 100] });
  const last = ops.reduce((at, op) => b.add(op, [at]), x);
  b.add("Neg", [last], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 100] });
  return b.build();
}

// By hand: the first Exp may not write over the caller's x, the others write over what is before them.
test("element-wise operators write over what nobody else reads; inputs and outputs are the caller's", () => {
  expect(peakMemory(chain(["Exp"]))).toBe(floats(100));
  expect(peakMemory(chain(["Exp", "Relu", "Tanh"]))).toBe(floats(100));
  expect(peakMemory(chain(["Exp", "Relu"]), { N: 7 })).toBe(floats(700));
  expect(peakMemory(chain([]))).toBe(0);
});

test("a value that is read again keeps its buffer, and reshaping takes none", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [10, 10] });
  const first = b.add("Exp", [x]);
  const flat = b.add("Reshape", [first, b.constant(i64([-1]))]);
  const second = b.add("Tanh", [flat]);
  b.add("Add", [second, flat], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [100] });
  expect(peakMemory(b.build())).toBe(2 * floats(100));
});

// By hand: 3 x 5 of x w, 5 x 5 of its transpose times itself; the product is not done in place.
test("shapes that follow from the sizes are known, and products take a buffer of their own", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 4] });
  const product = b.add("MatMul", [x, b.initializer("w", f32(new Float32Array(20), [4, 5]))]);
  const turned = b.add("Transpose", [product]);
  const square = b.add("MatMul", [turned, product]);
  b.add("Neg", [square], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  expect(peakMemory(b.build(), { N: 3 })).toBe(2 * floats(15) + floats(25));
});

// By hand: x' of the caller's x, and the first convolution of it; the second is written over x'.
test("a convolution that is added to something is written over it", () => {
  const b = graphBuilder("block");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 1, 400] });
  const w = b.initializer("w", f32([1], [1, 1, 1]));
  const start = b.add("Exp", [x]);
  const inner = b.add("Relu", [b.add("Conv", [start, w])]);
  const sum = b.add("Add", [b.add("Conv", [inner, w]), start]);
  b.add("Neg", [sum], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  expect(peakMemory(b.build())).toBe(2 * floats(400));
});
