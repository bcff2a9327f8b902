import { expect, test } from "vitest";
import type { Attributes } from "./builder.ts";
import { graphBuilder, int, ints } from "./builder.ts";
import { estimate } from "./estimate.ts";
import type { Attribute } from "./graph.ts";
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

const bodyOf = (rows: number): Attribute => {
  const t = graphBuilder(`body${rows}`);
  const w = t.initializer("k", f32(new Float32Array(4 * rows), [4, rows]));
  const wide = t.add("MatMul", ["x", w], { outputs: [`wide${rows}`] });
  t.output({ name: t.add("ReduceMean", [wide], { outputs: [`m${rows}`] }), dtype: "float32" });
  return { kind: "graph", value: t.build() };
};

// Hand computation: x 16 bytes, c 1, y 4; the dearer branch holds 10 and 1 floats and makes 4·10 products.
test("of two branches the dearer counts, and the weights of both", () => {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [1, 4] });
  const c = b.input({ name: "c", dtype: "bool", shape: [] });
  const attributes = { then_branch: bodyOf(10), else_branch: bodyOf(3) };
  b.output({ name: b.add("If", [c], { attributes, outputs: ["y"] }), dtype: "float32" });
  expect(estimate(b.build())).toEqual({
    parameters: 4 * 13,
    macs: 40,
    weightBytes: 4 * 4 * 13,
    activationBytesPeak: 16 + 1 + 4 + 40 + 4,
  });
});

// Hand computation: 6 rows, each times [4, 4].
test("a scan counts each step, and what a body reads lives until it ran", () => {
  const b = graphBuilder("g");
  const rows = b.input({ name: "rows", dtype: "float32", shape: [6, 4] });
  const w = b.add("Exp", [b.initializer("w0", f32(new Float32Array(16), [4, 4]))]);
  const t = graphBuilder("body");
  const row = t.input({ name: "row", dtype: "float32", shape: [4] });
  t.output({ name: t.add("MatMul", [row, w], { outputs: ["product"] }), dtype: "float32" });
  const attributes: Attributes = {
    num_scan_inputs: int(1),
    body: { kind: "graph", value: t.build() },
  };
  b.output({ name: b.add("Scan", [rows], { attributes, outputs: ["y"] }), dtype: "float32" });
  // rows, w and y of 96, 64 and 96 bytes; inside, a row and its product.
  expect(estimate(b.build())).toMatchObject({ macs: 6 * 16, activationBytesPeak: 256 + 32 });
});
