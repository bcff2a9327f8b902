import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { engines, runGraph } from "../../../test/run-graph.ts";
import { float, graphBuilder, int, ints } from "../graph/builder.ts";
import { estimate } from "../graph/estimate.ts";
import type { Graph } from "../graph/graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { encodeOnnx } from "../graph/onnx-write.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, sizeOf } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { signalToNoiseDb } from "./signal-to-noise.ts";
import { quantizeWeightOnly } from "./weight-only.ts";

const rng = seededRng(11);
const random = (...shape: number[]): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, () => gaussian(rng) / 5),
    shape,
  );

/** Every node that has weights: x [2, 4, 20] in, y [2, 3] out. */
function network(): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2, 4, 20] });
  const c = b.add("Conv", [
    x,
    b.initializer("conv", random(40, 4, 9)),
    b.initializer("b", random(40)),
  ]);
  const d = b.add("Conv", [c, b.initializer("depthwise", random(40, 1, 3))], {
    attributes: { group: int(40) },
  });
  const t = b.add("ConvTranspose", [d, b.initializer("up", random(40, 6, 2))]);
  const steps = b.add("Transpose", [t], { attributes: { perm: ints([2, 0, 1]) } });
  const gru = [b.initializer("gru.w", random(1, 96, 6)), b.initializer("gru.r", random(1, 96, 32))];
  const last = b.addMany("GRU", [steps, ...gru], 2, {
    attributes: { hidden_size: int(32) },
    outputs: ["all", "last"],
  });
  const flat = b.add("Reshape", [
    last[1] ?? "",
    b.constant({ dtype: "int64", shape: [2], data: BigInt64Array.of(2n, 32n) }),
  ]);
  const m = b.add("MatMul", [flat, b.initializer("matmul", random(32, 33))]);
  b.add("Gemm", [m, b.initializer("gemm", random(3, 33)), b.initializer("bias", random(3))], {
    attributes: { transB: int(1), alpha: float(1) },
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32", shape: [2, 3] });
  return b.build();
}

test.for(
  engines.flatMap(([name, engine]) => [
    { name, engine, weights: "int8" as const, least: 30 },
    { name, engine, weights: "int4" as const, least: 10 },
  ]),
)("$weights weights run on $name", async ({ engine, weights, least }) => {
  const graph = network();
  const rounded = quantizeWeightOnly(graph, { weights });
  validate(rounded);
  const x = random(2, 4, 20);
  const [exact, found] = [
    await runGraph(graph, { x }, engine),
    await runGraph(rounded, { x }, engine),
  ];
  const noise = signalToNoiseDb(exact["y"]?.data as Float32Array, found["y"]?.data as Float32Array);
  expect(noise).toBeGreaterThan(least);
  const names = [...rounded.initializers.keys()].filter((name) => name.endsWith(`.${weights}`));
  // What has fewer than 32 inputs an output keeps 8 bits.
  const small = ["depthwise", "gru.w"];
  const all = ["conv", "depthwise", "up", "gru.w", "gru.r", "matmul", "gemm"];
  expect(names.toSorted()).toEqual(
    all
      .filter((name) => weights === "int8" || !small.includes(name))
      .map((name) => `${name}.${weights}`)
      .toSorted(),
  );
});

test("bytes are a quarter, and an eighth with a scale a block", () => {
  const bytes = (graph: Graph): number => estimate(graph).weightBytes;
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 512] });
  b.add("MatMul", [x, b.initializer("w", random(512, 256))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  const whole = bytes(b.build());
  expect(bytes(quantizeWeightOnly(b.build())) / whole).toBeCloseTo(1 / 4, 2);
  // 4 bits a weight and 32 a block: 5 / 32.
  expect(bytes(quantizeWeightOnly(b.build(), { weights: "int4" })) / whole).toBeCloseTo(5 / 32, 3);
  expect(encodeOnnx(quantizeWeightOnly(b.build(), { weights: "int4" })).length).toBeLessThan(
    90_000,
  );
});

test("matrices that a body of control flow puts together are rounded around it", async () => {
  const inner = graphBuilder("then");
  const square = inner.add("MatMul", ["x", inner.add("Transpose", ["w"])], { outputs: ["t"] });
  inner.output({ name: square, dtype: "float32" });
  const other = graphBuilder("else");
  other.output({ name: other.add("Neg", ["x"], { outputs: ["e"] }), dtype: "float32" });
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [1, 40] });
  b.initializer("w", random(40, 40));
  const yes = b.input({ name: "yes", dtype: "bool", shape: [] });
  b.add("If", [yes], {
    outputs: ["y"],
    attributes: {
      then_branch: { kind: "graph", value: inner.build() },
      else_branch: { kind: "graph", value: other.build() },
    },
  });
  b.output({ name: "y", dtype: "float32" });
  const feeds = {
    x: random(1, 40),
    yes: { dtype: "bool", shape: [], data: Uint8Array.of(1) } as const,
  };
  const exact = (await runGraph(b.build(), feeds))["y"]?.data as Float32Array;
  for (const weights of ["int8", "int4"] as const) {
    const rounded = quantizeWeightOnly(b.build(), { weights });
    expect([...rounded.initializers.values()].map(({ dtype }) => dtype)).toContain(weights);
    expect(rounded.initializers.has("w")).toBe(false);
    const { y } = await runGraph(rounded, feeds);
    const least = weights === "int8" ? 35 : 12;
    expect(signalToNoiseDb(exact, y?.data as Float32Array)).toBeGreaterThan(least);
  }
});

test("what is excluded stays, and a graph without weights does", () => {
  const cnn = decodeOnnx(
    readFileSync(new URL("../../../test/fixtures/graph/cnn.onnx", import.meta.url)),
  );
  const names = cnn.nodes.map(({ name }) => name);
  const { initializers } = quantizeWeightOnly(cnn, { exclude: names });
  expect([...initializers.values()].every(({ dtype }) => dtype !== "int8")).toBe(true);
});
