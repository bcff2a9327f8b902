import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeOnnx, encodeOnnx, graphBuilder } from "@edgeloop/core/graph";
import type { TfliteModel, TfliteTensor } from "@edgeloop/core/tflite";
import { decodeTflite, encodeTflite } from "@edgeloop/core/tflite";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./model-convert.ts";

const tensor = (name: string): TfliteTensor => ({
  name,
  type: "float32",
  shape: [1, 2],
  isVariable: false,
});

const small = (op: string): TfliteModel => ({
  description: "",
  subgraphs: [
    {
      name: "main",
      tensors: [tensor("x"), tensor("y")],
      inputs: [0],
      outputs: [1],
      operators: [{ op, version: 1, inputs: [0], outputs: [1], options: {} }],
    },
  ],
  metadata: [],
  signatures: [],
});

function files(op = "RELU") {
  const directory = temporary();
  const b = graphBuilder("negate");
  b.add("Neg", [b.input({ name: "x", dtype: "float32", shape: ["N", 2] })], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  const at = (name: string): string => join(directory, name);
  writeFileSync(at("in.tflite"), encodeTflite(small(op)));
  writeFileSync(at("in.onnx"), encodeOnnx(b.build()));
  return at;
}

const read = (path: string) => Uint8Array.from(readFileSync(path));

test(".tflite becomes .onnx, with a line of what was and is", async () => {
  const at = files();
  const context = testContext();
  const result = await run(context, [at("in.tflite")], { output: at("out.onnx") });
  const [before, after] = [read(at("in.tflite")).length, read(at("out.onnx")).length];
  expect(result).toEqual({
    format: 1,
    input: { file: at("in.tflite"), format: "tflite", bytes: before, operators: 1 },
    output: { file: at("out.onnx"), format: "onnx", bytes: after, operators: 1 },
  });
  expect(context.said).toEqual([
    `wrote ${at("out.onnx")} (1 operators, ${after} bytes) from ${at("in.tflite")} (1 operators, ${before} bytes)`,
  ]);
  expect(decodeOnnx(read(at("out.onnx"))).nodes.map(({ op }) => op)).toEqual(["Relu"]);
});

test("the same format is written anew", async () => {
  const at = files("VAR_HANDLE");
  await run(testContext(), [at("in.tflite")], { output: at("out.tflite") });
  expect(decodeTflite(read(at("out.tflite")))).toEqual(decodeTflite(read(at("in.tflite"))));
  await run(testContext(), [at("in.onnx")], { output: at("out.ONNX") });
  expect(decodeOnnx(read(at("out.ONNX"))).nodes.map(({ op }) => op)).toEqual(["Neg"]);
});

test("what is not imported is named, and nothing is written", async () => {
  const at = files("VAR_HANDLE");
  await expect(
    run(testContext(), [at("in.tflite")], { output: at("out.onnx") }),
  ).rejects.toMatchObject({
    code: "TFLITE_OPERATOR_UNSUPPORTED",
    message: `${at("in.tflite")}: not imported: VAR_HANDLE (operator 0)`,
  });
  expect(() => read(at("out.onnx"))).toThrow("ENOENT");
});

test(".onnx becomes .tflite, its open axis as long as is asked for", async () => {
  const at = files();
  await run(testContext(), [at("in.onnx")], { output: at("out.tflite"), batch: "3" });
  const [subgraph] = decodeTflite(read(at("out.tflite"))).subgraphs;
  expect(subgraph?.operators.map(({ op }) => op)).toEqual(["NEG"]);
  expect(subgraph?.tensors[0]?.shape).toEqual([3, 2]);
});

test("what is not exported is named by node, and nothing is written", async () => {
  const at = files();
  const b = graphBuilder("erf");
  b.add("Erf", [b.input({ name: "x", dtype: "float32", shape: [2] })], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [2] });
  writeFileSync(at("odd.onnx"), encodeOnnx(b.build()));
  await expect(
    run(testContext(), [at("odd.onnx")], { output: at("out.tflite") }),
  ).rejects.toMatchObject({
    code: "TFLITE_UNSUPPORTED",
    message: expect.stringContaining("(Erf)"),
  });
  expect(() => read(at("out.tflite"))).toThrow("ENOENT");
});

test("another ending is wrong usage, on either side", async () => {
  const at = files();
  for (const [from, to] of [
    ["in.onnx", "out.pb"],
    ["in", "out.onnx"],
  ] as const) {
    await expect(run(testContext(), [at(from)], { output: at(to) })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("the name must end in .onnx or .tflite"),
    });
  }
});

test("a file that is not there is named", async () => {
  const at = files();
  await expect(
    run(testContext(), [at("none.tflite")], { output: at("out.onnx") }),
  ).rejects.toMatchObject({
    code: "FILE_MISSING",
    message: expect.stringContaining("expected a .tflite file"),
  });
});
