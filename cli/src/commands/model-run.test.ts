import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  decodeSafetensors,
  encodeOnnx,
  encodeSafetensors,
  f32,
  graphBuilder,
} from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./model-run.ts";

function files(inputs = f32([1, 2], [1, 2])) {
  const directory = temporary();
  const b = graphBuilder("sum");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  b.add("MatMul", [x, b.initializer("w", f32([10, 100], [2, 1]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  const [model, feeds, output] = ["model.onnx", "in.safetensors", "out.safetensors"].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  writeFileSync(model, encodeOnnx(b.build()));
  writeFileSync(feeds, encodeSafetensors(new Map([["x", inputs]])));
  return { model, options: { inputs: feeds, output, backend: "wasm" } };
}

test("outputs are written as tensors of the graph's names", async () => {
  const { model, options } = files();
  // 1·10 + 2·100.
  expect(await run(testContext(), [model], options)).toMatchObject({
    backend: "wasm",
    outputs: [{ name: "y", dtype: "float32", shape: [1, 1] }],
  });
  expect(decodeSafetensors(readFileSync(options.output)).get("y")).toEqual(f32([210], [1, 1]));
});

test("an input of another shape is refused by name", async () => {
  const { model, options } = files(f32([1, 2, 3], [1, 3]));
  await expect(run(testContext(), [model], options)).rejects.toMatchObject({
    code: "FEED_INVALID",
    details: { input: "x" },
  });
});

test("an unknown backend is wrong usage", async () => {
  const { model, options } = files();
  await expect(run(testContext(), [model], { ...options, backend: "cuda" })).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("native or wasm"),
  });
});
