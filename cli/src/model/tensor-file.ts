import { basename } from "node:path";
import type { Tensor } from "@edgeloop/core/graph";
import {
  decodeNpy,
  decodeNpz,
  decodeSafetensors,
  encodeNpz,
  encodeSafetensors,
  npyMagic,
} from "@edgeloop/core/graph";
import { writeFileAtomic } from "@edgeloop/core/platform/node";
import { inFile, readInput } from "../files.ts";

type Tensors = ReadonlyMap<string, Tensor>;

/** The first bytes of a zip: of an entry, or of the directory of one without entries. */
const zipMagics: readonly (readonly number[])[] = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x50, 0x4b, 0x05, 0x06],
];

/**
 * Reads tensors by name: `.safetensors`, `.npz`, or the one of an `.npy` file, which is named as the file is. The
 * content tells which.
 *
 * @throws `FILE_MISSING`, and what reading the format throws.
 */
export async function readTensors(path: string): Promise<Tensors> {
  const bytes = await readInput(path, "a .safetensors or .npz file");
  const startsWith = (magic: readonly number[]): boolean =>
    magic.every((byte, at) => bytes[at] === byte);
  return inFile(path, () => {
    if (zipMagics.some(startsWith)) return decodeNpz(bytes);
    if (startsWith(npyMagic)) return new Map([[basename(path, ".npy"), decodeNpy(bytes)]]);
    return decodeSafetensors(bytes);
  });
}

/** Writes tensors by name, whole or not at all: `.npz` by the name's ending, else `.safetensors`. */
export const writeTensors = async (path: string, tensors: Tensors): Promise<void> =>
  writeFileAtomic(path, path.endsWith(".npz") ? encodeNpz(tensors) : encodeSafetensors(tensors));
