import type { Tensor } from "@edgeloop/core/graph";
import { decodeSafetensors, encodeSafetensors } from "@edgeloop/core/graph";
import { writeFileAtomic } from "@edgeloop/core/platform/node";
import { readInput } from "../files.ts";

/** Reads tensors by name. @throws `FILE_MISSING`, and what reading the format throws. */
export const readTensors = async (path: string): Promise<ReadonlyMap<string, Tensor>> =>
  decodeSafetensors(await readInput(path, "a .safetensors file"));

/** Writes tensors by name, whole or not at all. */
export const writeTensors = async (
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<void> => writeFileAtomic(path, encodeSafetensors(tensors));
