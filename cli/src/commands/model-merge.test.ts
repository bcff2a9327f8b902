import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tensor } from "@edgeloop/core/graph";
import { decodeOnnx, encodeOnnx, encodeSafetensors, f32, graphBuilder } from "@edgeloop/core/graph";
import { observe, quantize } from "@edgeloop/core/quantize";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./model-merge.ts";

/** y = x w with w = [[1, 2], [3, 4]], and an adapter of rank 1 that adds [[1, 1], [0, 0]]. */
function files(): Record<"float" | "int8" | "output" | "adapter" | "int8Adapter", string> {
  const b = graphBuilder("line");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  b.add("MatMul", [x, b.initializer("w", f32([1, 2, 3, 4], [2, 2]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  const directory = temporary();
  const write = (name: string, bytes?: Uint8Array): string => {
    if (bytes) writeFileSync(join(directory, name), bytes);
    return join(directory, name);
  };
  const ranges = Object.fromEntries(
    observe(b.build()).observed.map((name) => [name, { min: -8, max: 8 }]),
  );
  const factors = (weight: string) =>
    encodeSafetensors(
      new Map<string, Tensor>([
        [`${weight}.adapter.down`, f32([1, 0], [2, 1])],
        [`${weight}.adapter.up`, f32([1, 1], [1, 2])],
        [`${weight}.adapter.up.momentum`, f32([9, 9], [1, 2])],
      ]),
    );
  return {
    float: write("float.onnx", encodeOnnx(b.build())),
    int8: write("int8.onnx", encodeOnnx(quantize(b.build(), ranges))),
    adapter: write("adapter.safetensors", factors("w")),
    int8Adapter: write("int8-adapter.safetensors", factors("w.int8")),
    output: write("merged.onnx"),
  };
}

const read = (path: string) => decodeOnnx(Uint8Array.from(readFileSync(path)));

test("float weights change, by the scale that is asked for", async () => {
  const { float, adapter, output } = files();
  const context = testContext();
  expect(await run(context, [float], { adapter, output })).toMatchObject({
    changed: ["w"],
    beside: [],
  });
  expect(context.said[0]).toBe("changed    w");
  expect(read(output).initializers.get("w")?.data).toEqual(Float32Array.of(2, 3, 3, 4));
  await run(testContext(), [float], { adapter, output, scale: "2" });
  expect(read(output).initializers.get("w")?.data).toEqual(Float32Array.of(3, 4, 3, 4));
});

test("int8 weights stay, with adapters beside them, unless they are rounded anew", async () => {
  const { int8, int8Adapter: adapter, output } = files();
  const found = await run(testContext(), [int8], { adapter, output });
  expect(found).toMatchObject({
    changed: [],
    beside: ["w.int8.adapter.down", "w.int8.adapter.up"],
  });
  const base = read(int8);
  for (const [name, tensor] of base.initializers) {
    expect(read(output).initializers.get(name), name).toEqual(tensor);
  }
  expect(await run(testContext(), [int8], { adapter, output, requantize: true })).toMatchObject({
    changed: expect.toSatisfy((names) => names.toSorted().join() === "w.int8,w.scale"),
    beside: [],
  });
  // By hand, a column a scale: 42 + 127/3 and 127 of 3/127; 64 + 127/4 and 127 of 4/127.
  expect(read(output).initializers.get("w.int8")?.data).toEqual(Int8Array.of(84, 96, 127, 127));
});

test("an adapter of another model is refused, and nothing is written", async () => {
  const { float, int8Adapter: adapter, output } = files();
  await expect(run(testContext(), [float], { adapter, output })).rejects.toMatchObject({
    code: "ADAPTER_MISMATCH",
    message: expect.stringContaining('"w.int8.adapter.down" is half a pair'),
  });
  expect(() => read(output)).toThrow("ENOENT");
});
