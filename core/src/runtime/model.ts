import type { Graph, ValueInfo } from "../graph/graph.ts";
import { encodeOnnx } from "../graph/onnx-write.ts";

/** What a session opens: a graph, or the bytes of a .onnx or .tflite file. */
export type Model = Graph | Uint8Array;

/** A model's bytes, with the declarations that the bytes alone would lose (a runtime reports scalars as unknown rank). */
export type EncodedModel = {
  readonly bytes: Uint8Array;
  readonly inputs?: readonly ValueInfo[];
  readonly outputs?: readonly ValueInfo[];
};

/** Encodes a graph as ONNX, for the runtimes of such; bytes stay as they are. */
export function encodeModel(model: Model): EncodedModel {
  if (model instanceof Uint8Array) return { bytes: model };
  return { bytes: encodeOnnx(model), inputs: model.inputs, outputs: model.outputs };
}
