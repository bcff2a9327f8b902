import { readFile } from "node:fs/promises";
import { EdgeloopError, hasCode } from "@edgeloop/core/platform";

/**
 * Reads a file that a command was given.
 *
 * @param expected What the file is, for messages: `an .onnx file`.
 * @throws `FILE_MISSING` naming path and what was expected; what Node throws otherwise.
 */
export async function readInput(path: string, expected: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return Uint8Array.from(await readFile(path));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    throw missing(path, expected, error);
  }
}

const missing = (path: string, expected: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("FILE_MISSING", `${path}: expected ${expected}, there is no such file`, {
    details: { path },
    cause,
  });

/** Reads a text file that a command was given. @throws As {@link readInput}. */
export const readTextInput = async (path: string, expected: string): Promise<string> =>
  new TextDecoder().decode(await readInput(path, expected));

/**
 * Decodes what a file holds; a refusal says which file it is about.
 *
 * @throws What `decode` throws, under the same code.
 */
export function inFile<T>(path: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof EdgeloopError ? refusedIn(path, error) : error;
  }
}

const refusedIn = (path: string, cause: EdgeloopError): EdgeloopError =>
  new EdgeloopError(cause.code, `${path}: ${cause.message}`, {
    details: { ...cause.details, path },
    cause,
  });
