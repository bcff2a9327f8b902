import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { f32 } from "../graph/tensor.ts";
import { floatWeights } from "./float-weights.ts";
import { integerWeights } from "./integer-weights.ts";
import { observe } from "./observe.ts";
import { quantize } from "./quantize.ts";

const cnn = decodeOnnx(
  readFileSync(new URL("../../../test/fixtures/graph/cnn.onnx", import.meta.url)),
);
const ranges = Object.fromEntries(observe(cnn).observed.map((name) => [name, { min: -3, max: 4 }]));

test("opened and closed again, an int8 graph has the same integers", async () => {
  const int8 = quantize(cnn, ranges);
  const opened = floatWeights(int8);
  const names = [...opened.initializers].filter(([, { dtype }]) => dtype === "float32");
  expect(names.map(([name]) => name)).toContain("w1.folded");
  expect([...opened.initializers.values()].some(({ dtype }) => dtype === "int32")).toBe(false);
  const closed = integerWeights(opened);
  for (const [name, tensor] of int8.initializers) {
    if (tensor.dtype === "int8") expect(closed.initializers.get(name)).toEqual(tensor);
  }
  const x = f32(
    new Float32Array(96).map((_, i) => Math.sin(i)),
    [1, 3, 32],
  );
  const results = [await runGraph(int8, { x }), await runGraph(closed, { x })];
  expect(difference(results[0]?.["logits"], results[1]?.["logits"])).toBeLessThan(1e-3);
});

test("weights of one scale, without a zero point, are opened too", async () => {
  const b = graphBuilder("g");
  const w = b.initializer("w.int8", { dtype: "int8", shape: [2], data: Int8Array.of(-128, 3) });
  const weights = b.add("DequantizeLinear", [w, b.initializer("s", f32([0.5], []))], {
    attributes: { axis: int(0) },
  });
  const x = b.input({ name: "x", dtype: "float32", shape: [2] });
  b.output({ name: b.add("Mul", [x, weights], { outputs: ["y"] }), dtype: "float32" });
  const opened = floatWeights(b.build());
  expect(opened.initializers.get("w")?.data).toEqual(Float32Array.of(-64, 1.5));
  const { y } = await runGraph(opened, { x: f32([1, 1]) });
  expect(y?.data).toEqual(Float32Array.of(-64, 1.5));
});

const symmetric = { dtype: "int8", shape: [2], data: Int8Array.of(0, 0) } as const;
const shifted = { dtype: "int8", shape: [], data: Int8Array.of(5) } as const;

test.for([
  ["an axis from the end", -1, [1, 2], symmetric],
  ["no zero point", 0, [0.5, 2], undefined],
  ["one scale and another zero point", 1, [0.5], shifted],
] as const)("opened and closed, weights compute the same: %s", async ([, axis, scales, zero]) => {
  const b = graphBuilder("g");
  const data = Int8Array.of(10, 20, -128, 40);
  const inputs = [b.initializer("w.int8", { dtype: "int8", shape: [2, 2], data })];
  inputs.push(b.initializer("s", f32([...scales], scales.length === 1 ? [] : [2])));
  if (zero !== undefined) inputs.push(b.initializer("z", zero));
  const weights = b.add("DequantizeLinear", inputs, { attributes: { axis: int(axis) } });
  const x = b.input({ name: "x", dtype: "float32", shape: [2, 2] });
  b.output({ name: b.add("Mul", [x, weights], { outputs: ["y"] }), dtype: "float32" });
  const graph = b.build();
  const closed = integerWeights(floatWeights(graph));
  const feeds = { x: f32([1, 1, 1, 1], [2, 2]) };
  expect((await runGraph(closed, feeds))["y"]).toEqual((await runGraph(graph, feeds))["y"]);
  // Around 0 they are integers again; else they stay rounded in the graph.
  const isInteger = [...closed.initializers.values()].some(
    ({ dtype, shape }) => dtype === "int8" && shape.length === 2,
  );
  expect(isInteger).toBe(zero !== shifted);
});

test("a float graph comes back as it is", () => {
  expect(floatWeights(cnn)).toBe(cnn);
});
