import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeOnnx, f32, graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./model-inspect.ts";

function modelFile(odd = false): string {
  const b = graphBuilder("two-layers");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 4] });
  const w = b.initializer("w", f32(new Float32Array(12), [4, 3]));
  const h = b.add("Relu", [b.add("MatMul", [x, w])]);
  if (odd) {
    b.add("NonZero", [h], { outputs: ["found"] });
    b.output({ name: "found", dtype: "int64", shape: [2, "K"] });
  }
  b.output({ name: h, dtype: "float32", shape: ["N", 3] });
  const path = join(temporary(), "model.onnx");
  writeFileSync(path, encodeOnnx(b.build()));
  return path;
}

test("a model's figures are those of its graph", async () => {
  const context = testContext();
  // 4·3 weights, as many multiplications a row, 4 bytes each.
  expect(await run(context, [modelFile()], {})).toMatchObject({
    name: "two-layers",
    opset: 21,
    inputs: [{ name: "x", dtype: "float32", shape: ["N", 4] }],
    parameters: 12,
    macs: 12,
    weightBytes: 48,
    operators: [
      { operator: "MatMul", nodes: 1, differentiable: true, int8Nodes: 1 },
      { operator: "Relu", nodes: 1, differentiable: true, int8Nodes: 1 },
    ],
  });
  expect(context.said.join("\n")).toContain("input   x: float32 [N, 4]");
});

test("an operator that nothing is known of leaves the rest known", async () => {
  const found = await run(testContext(), [modelFile(true)], {});
  expect(found).toMatchObject({
    weightBytes: 48,
    notEstimated: expect.stringContaining("NonZero"),
    operators: [{}, { operator: "NonZero", nodes: 1, differentiable: false, int8Nodes: 0 }, {}],
  });
  expect(found).not.toHaveProperty("macs");
});

test("a file that is not there is named, with what was expected", async () => {
  await expect(run(testContext(), ["none.onnx"], {})).rejects.toMatchObject({
    code: "FILE_MISSING",
    message: expect.stringMatching(/none\.onnx: expected an \.onnx or \.tflite file/),
  });
});

test("nodes that are refused are named with the reason, and weights beside the model are read", async () => {
  const context = testContext();
  const found = await run(context, [modelFile(true)], {});
  expect(found).toMatchObject({
    unknown: ["NonZero"],
    notDifferentiable: [{ node: "found", operator: "NonZero" }],
    notQuantizable: [{ node: "found", operator: "NonZero" }],
  });
  expect(context.said.join("\n")).toContain("unknown: NonZero");
  const external = new URL("../../../test/fixtures/graph/external.onnx", import.meta.url).pathname;
  expect(await run(testContext(), [external], {})).toMatchObject({ opset: 9, parameters: 16 });
});
