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

test("a float graph comes back as it is", () => {
  expect(floatWeights(cnn)).toBe(cnn);
});
