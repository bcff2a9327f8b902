import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  decodeNpz,
  decodeSafetensors,
  encodeNpz,
  encodeOnnx,
  encodeSafetensors,
  f32,
  graphBuilder,
} from "@edgeloop/core/graph";
import { fileMemory } from "@edgeloop/core/runtime/node";
import { expect, test, vi } from "vitest";
import { choiceKeyOf, choicesFile } from "../model/open-model.ts";
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

test("tensors that the model does not take are passed over, and named", async () => {
  const { model, options } = files();
  const tensors = new Map([
    ["target", f32([1])],
    ["x", f32([1, 2], [1, 2])],
  ]);
  writeFileSync(options.inputs, encodeSafetensors(tensors));
  const context = testContext();
  await run(context, [model], options);
  expect(context.said[0]).toBe("passed over, for the model has no such input: target");
  writeFileSync(options.inputs, encodeSafetensors(new Map([["target", f32([1])]])));
  await expect(run(testContext(), [model], options)).rejects.toMatchObject({
    code: "FEED_INVALID",
    details: { input: "x" },
  });
});

test("an unknown backend is wrong usage", async () => {
  const { model, options } = files();
  await expect(run(testContext(), [model], { ...options, backend: "cuda" })).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("native, wasm, "),
  });
});

test("auto is wasm until the model was measured here, then what was chosen", async () => {
  vi.stubEnv("XDG_CACHE_HOME", temporary());
  const { model, options } = files();
  const context = testContext();
  const auto = { ...options, backend: "auto" };
  expect(await run(context, [model], auto)).toMatchObject({ backend: "wasm", threads: 1 });
  expect(context.said.join()).toContain("auto: wasm: until edgeloop model bench has measured");
  const choice = { backend: "wasm", threads: 2, why: "measured", trials: [] } as const;
  await fileMemory(choicesFile()).write(await choiceKeyOf(readFileSync(model)), choice);
  expect(await run(testContext(), [model], auto)).toMatchObject({ threads: 2, why: "measured" });
  vi.unstubAllEnvs();
});

test("an .onnx file runs on a backend of .tflite files too", async () => {
  const { model, options } = files();
  const answer = await run(testContext(), [model], { ...options, backend: "litert" });
  expect(answer).toMatchObject({ backend: "litert", outputs: [{ name: "y" }] });
});

// Hand computation: ones times [[0..3], [4..7], [8..11]] / 8, plus [1, 2, 3, 4].
test("a model whose weights are in a file beside it runs, with tensors as .npz", async () => {
  const directory = temporary();
  const model = new URL("../../../test/fixtures/graph/external.onnx", import.meta.url).pathname;
  const [inputs, output] = [join(directory, "in.npz"), join(directory, "out.npz")];
  writeFileSync(inputs, encodeNpz(new Map([["x", f32([1, 1, 1], [1, 3])]])));
  await run(testContext(), [model], { inputs, output, backend: "wasm" });
  const y = decodeNpz(new Uint8Array(readFileSync(output))).get("y");
  expect(y).toEqual(f32([2.5, 3.875, 5.25, 6.625], [1, 4]));
});
