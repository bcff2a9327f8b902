import type { Graph, ValueInfo } from "../graph/graph.ts";
import { encodeOnnx } from "../graph/onnx-write.ts";
import { EdgeloopError, messageOf } from "../platform/errors.ts";
import { encodeTflite } from "../tflite/encode.ts";
import { toTflite } from "../tflite/to-tflite.ts";
import type { Backend } from "./session.ts";

/** What a session opens: a graph, or the bytes of a .onnx or .tflite file. */
export type Model = Graph | Uint8Array;

/** A model's bytes, with the declarations that the bytes alone would lose (a runtime reports scalars as unknown rank). */
export type EncodedModel = {
  readonly bytes: Uint8Array;
  readonly inputs?: readonly ValueInfo[];
  readonly outputs?: readonly ValueInfo[];
};

/**
 * Encodes a graph for a backend: as ONNX, or for the engines of .tflite files as such a file, whose batch is 1. Bytes
 * stay as they are.
 *
 * @throws `MODEL_UNSUPPORTED` naming the node that .tflite has nothing for.
 */
export function encodeModel(model: Model, backend: Backend = "wasm"): EncodedModel {
  if (model instanceof Uint8Array) return { bytes: model };
  if (backend === "litert" || backend === "tflite") return { bytes: tfliteOf(model) };
  return { bytes: encodeOnnx(model), inputs: model.inputs, outputs: model.outputs };
}

function tfliteOf(graph: Graph): Uint8Array {
  try {
    return encodeTflite(toTflite(graph));
  } catch (error) {
    throw unsupported(error);
  }
}

/** Whatever a .tflite file cannot say, its engines cannot run. */
const unsupported = (cause: unknown): EdgeloopError =>
  new EdgeloopError("MODEL_UNSUPPORTED", messageOf(cause), { cause });
