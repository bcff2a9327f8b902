import { dirname } from "node:path";
import type { Graph } from "@edgeloop/core/graph";
import { decodeOnnx, encodeOnnx } from "@edgeloop/core/graph";
import { externalFiles } from "@edgeloop/core/graph/node";
import { writeFileAtomic } from "@edgeloop/core/platform/node";
import type { ToTfliteOptions } from "@edgeloop/core/tflite";
import { decodeTflite, encodeTflite, fromTflite, isTflite, toTflite } from "@edgeloop/core/tflite";
import { inFile, readInput } from "../files.ts";

/** The formats of model files, by the endings of their names. */
export type ModelFormat = "onnx" | "tflite";

/** Tells a model file's format by its name's ending; undefined for another ending. */
export function formatOf(path: string): ModelFormat | undefined {
  const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  return ending === "onnx" || ending === "tflite" ? ending : undefined;
}

/**
 * Reads a model file, and the files beside it that it names. A .tflite file is known by its first bytes or its name,
 * and becomes the graph that computes the same.
 *
 * @throws `FILE_MISSING`, and what reading the format throws.
 */
export async function readModel(path: string): Promise<Graph> {
  const bytes = await readInput(path, "an .onnx or .tflite file");
  return inFile(path, () =>
    holdsTflite(path, bytes)
      ? fromTflite(decodeTflite(bytes))
      : decodeOnnx(bytes, { external: externalFiles(dirname(path)) }),
  );
}

/** Tells a .tflite file by its first bytes or its name. */
export const holdsTflite = (path: string, bytes: Uint8Array): boolean =>
  isTflite(bytes) || formatOf(path) === "tflite";

/** Writes a graph as a model file, whole or not at all. @throws What writing the format throws. */
export const writeModel = async (path: string, graph: Graph): Promise<void> =>
  writeFileAtomic(path, encodeModel(graph, formatOf(path) ?? "onnx"));

/**
 * Gives the bytes of a graph as a model file.
 *
 * @param options How a .tflite file is written.
 * @throws `TFLITE_UNSUPPORTED` naming the node that .tflite has no operator for, `GRAPH_INVALID`.
 */
export const encodeModel = (
  graph: Graph,
  format: ModelFormat,
  options: ToTfliteOptions = {},
): Uint8Array => (format === "onnx" ? encodeOnnx(graph) : encodeTflite(toTflite(graph, options)));
