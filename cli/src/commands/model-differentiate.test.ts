import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeOnnx, f32, graphBuilder } from "@edgeloop/core/graph";
import { openSession } from "@edgeloop/core/runtime/node";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./model-differentiate.ts";

/** y = x * w, or the next whole number above it. */
function modelFile(odd = false): { model: string; output: string } {
  const b = graphBuilder("scale");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N"] });
  const product = b.add("Mul", [x, b.initializer("w", f32([3], [1]))], { name: "times" });
  b.add(odd ? "Ceil" : "Identity", [product], { name: "last", outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N"] });
  const directory = temporary();
  const model = join(directory, "model.onnx");
  writeFileSync(model, encodeOnnx(b.build()));
  return { model, output: join(directory, "gradients.onnx") };
}

test("the file that is written has the gradients of all float inputs and initialisers", async () => {
  const { model, output } = modelFile();
  const context = testContext();
  const found = await run(context, [model], { output });
  expect(found).toMatchObject({ inputs: ["y.grad"], outputs: ["x.grad", "w.grad"] });
  expect(context.said.join("\n")).toContain("outputs  x.grad, w.grad");
  const session = await openSession(Uint8Array.from(readFileSync(output)), { backend: "wasm" });
  const results = await session.run({ x: f32([2, 5]), "y.grad": f32([1, 10]) });
  await session.dispose();
  // Hand computation: x * w has the gradients up * w, and the sum of up * x.
  expect([...(results["y"]?.data ?? [])]).toEqual([6, 15]);
  expect([...(results["x.grad"]?.data ?? [])]).toEqual([3, 30]);
  expect([...(results["w.grad"]?.data ?? [])]).toEqual([52]);
});

test("only what is asked for is differentiated", async () => {
  const { model, output } = modelFile();
  expect(await run(testContext(), [model], { output, wrt: "w" })).toMatchObject({
    outputs: ["w.grad"],
  });
  await expect(run(testContext(), [model], { output, wrt: "x, z" })).rejects.toMatchObject({
    code: "VALUE_UNKNOWN",
    message: expect.stringContaining("z"),
  });
});

test("an operator without a gradient is named, and nothing is written", async () => {
  const { model, output } = modelFile(true);
  await expect(run(testContext(), [model], { output })).rejects.toMatchObject({
    code: "GRADIENT_UNSUPPORTED",
    message: expect.stringContaining("Ceil (last)"),
  });
  expect(() => readFileSync(output)).toThrow("ENOENT");
});
