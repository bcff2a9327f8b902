import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { graphBuilder } from "@edgeloop/core/graph";
import type { TfliteModel } from "@edgeloop/core/tflite";
import { encodeTflite } from "@edgeloop/core/tflite";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { formatOf, readModel, writeModel } from "./model-file.ts";

test("what is written is read again; what is not there is named", async () => {
  const b = graphBuilder("negate");
  b.add("Neg", [b.input({ name: "x", dtype: "float32", shape: [2] })], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [2] });
  const path = join(temporary(), "m.onnx");
  await writeModel(path, b.build());
  expect((await readModel(path)).nodes.map(({ op }) => op)).toEqual(["Neg"]);
  await expect(readModel(`${path}.x`)).rejects.toMatchObject({ code: "FILE_MISSING" });
});

test("a .tflite file is known by what it holds, and by its name", async () => {
  const tensor = { type: "float32", shape: [2], isVariable: false } as const;
  const model: TfliteModel = {
    description: "",
    subgraphs: [
      {
        name: "main",
        tensors: [
          { ...tensor, name: "x" },
          { ...tensor, name: "y" },
        ],
        inputs: [0],
        outputs: [1],
        operators: [{ op: "TANH", version: 1, inputs: [0], outputs: [1], options: {} }],
      },
    ],
    metadata: [],
    signatures: [],
  };
  const path = join(temporary(), "m");
  writeFileSync(path, encodeTflite(model));
  expect((await readModel(path)).nodes.map(({ op }) => op)).toEqual(["Tanh"]);
  writeFileSync(`${path}.tflite`, "not one");
  await expect(readModel(`${path}.tflite`)).rejects.toMatchObject({ code: "FLATBUFFER_INVALID" });
});

test("endings name formats, whatever their letters", () => {
  expect(["a.onnx", "a.b.TFLITE", "onnx.pb", "a"].map(formatOf)).toEqual([
    "onnx",
    "tflite",
    undefined,
    undefined,
  ]);
});
