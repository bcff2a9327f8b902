import type { Graph } from "@edgeloop/core/graph";
import { decodeOnnx, encodeOnnx } from "@edgeloop/core/graph";
import { writeFileAtomic } from "@edgeloop/core/platform/node";
import { readInput } from "../files.ts";

/** Reads a model file. @throws `FILE_MISSING`, and what reading the format throws. */
export const readModel = async (path: string): Promise<Graph> =>
  decodeOnnx(await readInput(path, "an .onnx file"));

/** Writes a graph as a model file, whole or not at all. */
export const writeModel = async (path: string, graph: Graph): Promise<void> =>
  writeFileAtomic(path, encodeOnnx(graph));
