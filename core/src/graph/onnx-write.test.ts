import { expect, test } from "vitest";
import { difference, engines, runGraph } from "../../../test/run-graph.ts";
import { float, graphBuilder, int } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { encodeOnnx, onnxBytesMax } from "./onnx-write.ts";
import { f32, i64 } from "./tensor.ts";

function linear(): Graph {
  const b = graphBuilder("linear");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  const w = b.initializer("w", f32([1, 2, 3, 4, 5, 6], [3, 2]));
  const bias = b.initializer("b", f32([0.5, 0, -0.5]));
  const attributes = { transB: int(1), alpha: float(2) };
  const y = b.add("Gemm", [x, w, bias], { attributes, outputs: ["y"] });
  b.output({ name: y, dtype: "float32", shape: ["N", 3] });
  return b.build();
}

test.for(engines)("a written graph runs on %s", async ([, engine]) => {
  const { y } = await runGraph(linear(), { x: f32([1, 1, 0, 1], [2, 2]) }, engine);
  expect(difference(y, f32([6.5, 14, 21.5, 4.5, 8, 11.5], [2, 3]))).toBe(0);
});

test("the same graph gives the same bytes", () => {
  expect(encodeOnnx(linear())).toEqual(encodeOnnx(linear()));
});

test("operators of another domain name their operator set", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2] });
  const y = b.add("Gelu", [x], { domain: "com.microsoft" });
  b.output({ name: y, dtype: "float32" });
  expect(decodeOnnx(encodeOnnx(b.build())).nodes[0]?.domain).toBe("com.microsoft");
});

test("nodes of one name get names of their own", async () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1] });
  const y = ["a", "a_1", "a", "a"].reduce((at, name) => b.add("Neg", [at], { name }), x);
  b.output({ name: y, dtype: "float32" });
  const names = decodeOnnx(encodeOnnx(b.build())).nodes.map((node) => node.name);
  expect(names).toEqual(["a", "a_1", "a_2", "a_3"]);
  await runGraph(b.build(), { x: f32([1]) });
});

test("what could not be read back is not written", () => {
  const broken = { ...linear(), outputs: [{ name: "z", dtype: "float32" as const }] };
  expect(() => encodeOnnx(broken)).toThrow('"z" is never assigned');
  const wrong = { ...linear(), initializers: new Map([["w", i64([1], [2])]]) };
  expect(() => encodeOnnx({ ...wrong, nodes: [], outputs: [] })).toThrow("expected 2 elements");
  expect(onnxBytesMax).toBe(2147483647);
});

test("a fraction is not written as an integer attribute", () => {
  const b = graphBuilder("g");
  b.add("Softmax", [b.input({ name: "x", dtype: "float32" })], { attributes: { axis: int(0.5) } });
  expect(() => encodeOnnx(b.build())).toThrow("must be an integer");
});
