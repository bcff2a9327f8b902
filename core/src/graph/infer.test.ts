import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { graphBuilder, int, ints } from "./builder.ts";
import { inferValues } from "./infer.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { f32, i64, scalar } from "./tensor.ts";

test("shape arithmetic keeps the batch's name through exporters' detours", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 8] });
  const shape = b.add("Shape", [x]);
  const batch = b.add("Gather", [shape, b.constant(i64([0]))]);
  const rest = b.add("Slice", [shape, b.constant(i64([1])), b.constant(i64([3]))]);
  const product = b.add("ReduceProd", [rest]);
  const target = b.add("Concat", [batch, product], { attributes: { axis: int(0) } });
  const flat = b.add("Reshape", [x, target]);
  const ones = b.add("ConstantOfShape", [batch]);
  const steps = b.add("Range", [
    b.constant(i64([0], [])),
    b.add("Squeeze", [batch]),
    b.constant(i64([1], [])),
  ]);
  const values = inferValues(b.build());
  expect(values.get(flat)?.shape).toEqual(["N", 24]);
  expect(values.get(ones)?.shape).toEqual(["N"]);
  expect(values.get(steps)).toEqual({ name: steps, dtype: "int64", shape: ["N"] });
});

test("named spatial sizes stay open without breaking the batch", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2, "T"] });
  const y = b.add("Conv", [x, b.constant(f32(new Float32Array(18), [3, 2, 3]))], {
    outputs: ["y"],
  });
  const mean = b.add("GlobalAveragePool", [y]);
  const values = inferValues(b.build());
  expect([values.get("y")?.shape, values.get(mean)?.shape]).toEqual([
    ["N", 3, "y_2"],
    ["N", 3, 1],
  ]);
});

test("values come in the order of assignment", () => {
  const graph = decodeOnnx(
    readFileSync(new URL("../../../test/fixtures/graph/opset13.onnx", import.meta.url)),
  );
  const values = inferValues(graph);
  expect([...values.keys()][0]).toBe("x");
  expect(values.get("joined")?.shape).toEqual(["N", 6]);
});

test("an unknown operator is refused by its own code", () => {
  const b = graphBuilder("g");
  b.add("Gelu", [b.input({ name: "x", dtype: "float32" })], {
    domain: "com.microsoft",
    name: "act",
  });
  expect(() => inferValues(b.build())).toThrow('no rule for Gelu of node "act"');
});

test("a node that reads what is not there is refused by name", () => {
  const b = graphBuilder("g");
  b.add("Relu", ["nowhere"], { name: "r" });
  expect(() => inferValues(b.build())).toThrow('Relu "r": input "nowhere"');
});

test.for([
  [{ dtype: "int64", shape: [2] }, "declared int64"],
  [{ dtype: "float32", shape: [3] }, "declared float32 [3], but is float32 [2]"],
  [{ dtype: "float32", shape: [2, 1] }, "declared"],
] as const)("an output declared as %j is refused", ([declared, message]) => {
  const b = graphBuilder("g");
  b.add("Relu", [b.input({ name: "x", dtype: "float32", shape: [2] })], { outputs: ["y"] });
  b.output({ name: "y", ...declared });
  expect(() => inferValues(b.build())).toThrow(message);
});

test("a transposed convolution gives the size that a convolution took", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 2, 8] });
  const w = b.constant(f32(new Float32Array(24), [4, 2, 3]));
  const attributes = { strides: ints([2]), pads: ints([1, 1]) };
  const y = b.add("Conv", [x, w], { attributes });
  const back = b.add("ConvTranspose", [y, w], {
    attributes: { ...attributes, output_padding: ints([1]) },
  });
  b.add("Mul", [back, b.constant(scalar(2))], { outputs: ["z"] });
  expect(inferValues(b.build()).get("z")?.shape).toEqual([1, 2, 8]);
});
