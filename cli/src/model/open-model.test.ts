import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeOnnx, f32, graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { modelSource, openSource, resolveBackend } from "./open-model.ts";

function doubling(): Uint8Array {
  const b = graphBuilder("doubling");
  const x = b.input({ name: "x", dtype: "float32", shape: [2] });
  b.add("Add", [x, x], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [2] });
  return encodeOnnx(b.build());
}

function fileOf(name: string, bytes: Uint8Array): string {
  const path = join(temporary(), name);
  writeFileSync(path, bytes);
  return path;
}

test.for(["wasm", "litert", "tflite"] as const)("an .onnx file opens on %s", async (backend) => {
  const source = await modelSource(fileOf("model.onnx", doubling()));
  const session = await openSource(source, { backend, threads: 1 });
  expect(await session.run({ x: f32([1, 2]) })).toEqual({ y: f32([2, 4]) });
  await session.dispose();
});

test("a .tflite file goes as it is to the backends that run it", async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const source = await modelSource(fileOf("model.tflite", bytes));
  expect([...((await source.for("litert")) as Uint8Array)]).toEqual([1, 2, 3]);
  expect(await resolveBackend(source, "tflite")).toMatchObject({ backend: "tflite", threads: 1 });
});

test("a .tflite file is one whatever it is called, as everywhere", async () => {
  const bytes = Uint8Array.from([
    ...[32, 0, 0, 0],
    ...new TextEncoder().encode("TFL3"),
    0,
    0,
    0,
    0,
  ]);
  const source = await modelSource(fileOf("model.bin", bytes));
  expect(source.isTflite).toBe(true);
  expect(await source.for("litert")).toEqual(bytes);
  await expect(source.for("wasm")).rejects.toMatchObject({
    code: "FLATBUFFER_INVALID",
    message: expect.stringContaining("model.bin: "),
  });
});

test("tensors in a file beside the model are read from there", async () => {
  const folder = temporary();
  for (const name of ["external.onnx", "external.bin"]) {
    const fixture = new URL(`../../../test/fixtures/graph/${name}`, import.meta.url);
    writeFileSync(join(folder, name), readFileSync(fixture));
  }
  const source = await modelSource(join(folder, "external.onnx"));
  const session = await openSource(source, { backend: "wasm", threads: 1 });
  expect(session.outputs.length).toBeGreaterThan(0);
  await session.dispose();
});

test("a file that is not there is named", async () => {
  await expect(modelSource("nowhere.onnx")).rejects.toMatchObject({ code: "FILE_MISSING" });
});
