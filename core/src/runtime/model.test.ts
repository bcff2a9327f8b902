import { expect, test } from "vitest";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { affineModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";

test("bytes stay the same bytes, and declare nothing", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(encodeModel(bytes)).toEqual({ bytes });
  expect(encodeModel(bytes).bytes).toBe(bytes);
});

test("a graph is encoded with its declarations beside it", () => {
  const graph = affineModel();
  const { bytes, inputs, outputs } = encodeModel(graph);
  expect([inputs, outputs]).toEqual([graph.inputs, graph.outputs]);
  expect(decodeOnnx(bytes).inputs).toEqual(graph.inputs);
});
