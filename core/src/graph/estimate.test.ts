import { expect, test } from "vitest";
import { graphBuilder, int, ints } from "./builder.ts";
import { estimate } from "./estimate.ts";
import { f32, i64 } from "./tensor.ts";

// By hand: a convolution 3→4, kernel 5, pads 2 on 10 samples; then a product 40→2.
test("parameters, bytes and multiply-accumulates are those of the layers", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 10] });
  const y = b.add(
    "Conv",
    [
      x,
      b.initializer("w", f32(new Float32Array(60), [4, 3, 5])),
      b.initializer("b", f32(new Float32Array(4))),
    ],
    {
      attributes: { pads: ints([2, 2]) },
    },
  );
  const flat = b.add("Reshape", [y, b.constant(i64([0, -1]))]);
  b.output({
    name: b.add("Gemm", [flat, b.initializer("v", f32(new Float32Array(80), [2, 40]))], {
      attributes: { transB: int(1) },
    }),
    dtype: "float32",
  });
  const one = estimate(b.build());
  expect(one).toMatchObject({
    parameters: 60 + 4 + 80,
    macs: 4 * 10 * 15 + 80,
    weightBytes: 4 * 144 + 16,
  });
  // Convolution: input 3×10 and output 4×10; reshape: 4×10 twice, which is more.
  expect(one.activationBytesPeak).toBe(4 * 80);
  expect(estimate(b.build(), { sizes: { N: 3 } }).macs).toBe(3 * one.macs);
});

test("a transposed convolution counts its input's elements times the kernel", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 2, 5] });
  b.output({
    name: b.add("ConvTranspose", [x, b.constant(f32(new Float32Array(24), [2, 4, 3]))]),
    dtype: "float32",
  });
  expect(estimate(b.build()).macs).toBe(10 * 12);
});

test("a value that is read later stays alive, an output until the end", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [10] });
  const early = b.add("Neg", [x]);
  b.output({ name: early, dtype: "float32" });
  const chain = ["Exp", "Exp", "Exp"].reduce((at, op) => b.add(op, [at]), early);
  b.output({ name: b.add("Add", [chain, x]), dtype: "float32" });
  // x, early and two links of the chain; at the end x, early, chain and sum.
  expect(estimate(b.build()).activationBytesPeak).toBe(4 * 40);
});
