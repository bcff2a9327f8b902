import { dirname } from "node:path";
import type { Graph } from "@edgeloop/core/graph";
import { decodeOnnx, encodeOnnx } from "@edgeloop/core/graph";
import { externalFiles } from "@edgeloop/core/graph/node";
import { writeFileAtomic } from "@edgeloop/core/platform/node";
import { readInput } from "../files.ts";

/** Reads a model file, and the files beside it that it names. @throws `FILE_MISSING`, and what reading the format throws. */
export const readModel = async (path: string): Promise<Graph> =>
  decodeOnnx(await readInput(path, "an .onnx file"), { external: externalFiles(dirname(path)) });

/** Writes a graph as a model file, whole or not at all. */
export const writeModel = async (path: string, graph: Graph): Promise<void> =>
  writeFileAtomic(path, encodeOnnx(graph));
