import { expect, test } from "vitest";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { affineModel, nonZeroModel } from "../testing/session-models.ts";
import { decodeTflite } from "../tflite/decode.ts";
import { encodeModel } from "./model.ts";

test("bytes stay the same bytes, and declare nothing", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(encodeModel(bytes)).toEqual({ bytes });
  expect(encodeModel(bytes).bytes).toBe(bytes);
});

test("engines of .tflite files get one; what it cannot say is MODEL_UNSUPPORTED by name", () => {
  const { bytes, inputs } = encodeModel(affineModel(), "litert");
  expect(inputs).toBeUndefined();
  expect(decodeTflite(bytes).subgraphs[0]?.tensors[0]).toMatchObject({ name: "x", shape: [1, 2] });
  expect(() => encodeModel(nonZeroModel(), "tflite")).toThrow(
    expect.objectContaining({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringContaining("NonZero"),
    }),
  );
});

test("a graph is encoded with its declarations beside it", () => {
  const graph = affineModel();
  const { bytes, inputs, outputs } = encodeModel(graph);
  expect([inputs, outputs]).toEqual([graph.inputs, graph.outputs]);
  expect(decodeOnnx(bytes).inputs).toEqual(graph.inputs);
});
