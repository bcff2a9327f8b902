import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Graph, Tensor } from "@edgeloop/core/graph";
import { encodeOnnx, encodeSafetensors, f32, graphBuilder, i64 } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./model-compare.ts";

/** y = x + offset, over two classes; `rows` may be fixed, and names others. */
function model(offset: readonly number[], rows: number | string = "N", suffix = ""): Graph {
  const b = graphBuilder("m");
  const x = b.input({ name: `x${suffix}`, dtype: "float32", shape: [rows, 2] });
  b.add("Add", [x, b.initializer("offset", f32([...offset]))], { outputs: [`y${suffix}`] });
  b.output({ name: `y${suffix}`, dtype: "float32", shape: [rows, 2] });
  return b.build();
}

async function compared(a: Graph, b: Graph, tensors: Readonly<Record<string, Tensor>>) {
  const folder = temporary();
  const [left, right, data] = ["a.onnx", "b.onnx", "d.safetensors"].map((n) => join(folder, n));
  writeFileSync(left ?? "", encodeOnnx(a));
  writeFileSync(right ?? "", encodeOnnx(b));
  writeFileSync(data ?? "", encodeSafetensors(new Map(Object.entries(tensors))));
  const context = testContext();
  const options = { data: data ?? "", backend: "wasm" };
  return { context, found: await run(context, [left ?? "", right ?? ""], options) };
}

// By hand: the second model adds 1 to the second class, which turns the second of four rows around.
const x = f32([3, 0, 1, 0.5, 0, 1, 0, 5], [4, 2]);

test("accuracy, agreement and difference of two models", async () => {
  const target = i64([0, 0, 1, 1]);
  const { found, context } = await compared(model([0, 0]), model([0, 1]), { x, target });
  expect(found).toMatchObject({
    ...{ examples: 4, agreement: 0.75, backend: "wasm" },
    difference: { max: 1, mean: 0.5 },
    sides: [{ accuracy: 1 }, { accuracy: 0.75 }],
  });
  for (const side of Object(found)["sides"]) {
    expect(side.bytes).toBeGreaterThan(50);
    expect(side.p99Us).toBeGreaterThanOrEqual(side.p50Us);
  }
  const cells = context.said.map((line) => line.trim().split(/ {2,}/));
  expect(cells).toContainEqual(["accuracy", "100.00 %", "75.00 %"]);
  expect(context.said).toContain("the same place largest in 75.00 %");
  expect(context.progressed).toHaveLength(2);
});

test("errors against a target of floats", async () => {
  const { found, context } = await compared(model([0, 0]), model([0, 2]), { x, target: x });
  expect(found).toMatchObject({
    sides: [
      { error: { mean: 0, rootMeanSquare: 0 } },
      { error: { mean: 1, rootMeanSquare: 2 ** 0.5 } },
    ],
  });
  expect(context.said.some((line) => line.startsWith("accuracy"))).toBe(false);
});

test("another number of rows a run and other names are no difference", async () => {
  const { found } = await compared(model([0, 0]), model([0, 0], 1, "2"), { x });
  expect(found).toMatchObject({ agreement: 1, difference: { max: 0, relative: 0 } });
});

test("models of other tasks are refused", async () => {
  const b = graphBuilder("m");
  const sum = b.add("Add", [
    b.input({ name: "x", dtype: "float32", shape: ["N", 2] }),
    b.input({ name: "z", dtype: "float32", shape: ["N", 2] }),
  ]);
  b.output({ name: sum, dtype: "float32" });
  await expect(compared(model([0, 0]), b.build(), { x })).rejects.toMatchObject({
    code: "MODELS_DIFFER",
    message: expect.stringMatching(/a.onnx has 1 inputs, .*b.onnx 2: compare models of one task/),
  });
});

test("data without an input is refused", async () => {
  await expect(compared(model([0, 0]), model([0, 0]), { z: x })).rejects.toMatchObject({
    code: "DATA_INVALID",
  });
});
