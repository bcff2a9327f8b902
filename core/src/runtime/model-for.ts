import type { Graph } from "../graph/graph.ts";
import { EdgeloopError, messageOf } from "../platform/errors.ts";
import { encodeTflite } from "../tflite/encode.ts";
import { toTflite } from "../tflite/to-tflite.ts";
import type { EncodedModel, Model } from "./model.ts";
import { encodeModel } from "./model.ts";
import type { Backend } from "./session.ts";

/**
 * Encodes a graph for any backend: as ONNX, or for the engines of .tflite files as such a file, whose batch is 1. Bytes
 * stay as they are.
 *
 * Apart from `encodeModel`, so that who runs ONNX alone does not load what writes .tflite: 60 kB.
 *
 * @throws `MODEL_UNSUPPORTED` naming the node that .tflite has nothing for.
 */
export function encodeModelFor(model: Model, backend: Backend): EncodedModel {
  const isTflite = backend === "litert" || backend === "tflite";
  return isTflite && !(model instanceof Uint8Array)
    ? { bytes: tfliteOf(model) }
    : encodeModel(model);
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
