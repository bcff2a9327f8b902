import type { Stats } from "node:fs";
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { ExternalRange, ExternalReader } from "../onnx-external.ts";
import { checkRange, externalInvalid } from "../onnx-external.ts";

/**
 * Reads the external data of ONNX models from files below a folder: the model's. Links are not followed, wherever on
 * the way they stand, and nothing but plain files is opened.
 *
 * @param folder The folder that locations are relative to.
 */
export function externalFiles(folder: string): ExternalReader {
  return (range) => {
    const path = plainPath(folder, range);
    // A pipe would wait for a writer, and a link that was put there meanwhile must not be followed.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = opened(path, flags, range);
    try {
      const stat = fstatSync(file);
      if (!stat.isFile()) throw externalInvalid("it must be a plain file", range);
      checkRange(range, stat.size);
      return readRange(file, range);
    } finally {
      closeSync(file);
    }
  };
}

/** Joins folder and location, name by name, and refuses links. */
function plainPath(folder: string, range: ExternalRange): string {
  let path = folder;
  for (const name of range.location.split("/")) {
    path = join(path, name);
    const stat = statusOf(path, range);
    if (stat === undefined) throw externalInvalid("there is no such file", range);
    if (stat.isSymbolicLink()) throw externalInvalid("links are not followed", range);
  }
  return path;
}

/** What stands at a path; undefined when nothing does. */
function statusOf(path: string, range: ExternalRange): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    // A name that is too long, a file where a folder should be, a folder that may not be entered.
    throw externalInvalid("it cannot be opened", range, cause);
  }
}

function opened(path: string, flags: number, range: ExternalRange): number {
  try {
    return openSync(path, flags);
  } catch (cause) {
    throw externalInvalid("it cannot be opened", range, cause);
  }
}

function readRange(file: number, range: ExternalRange): Uint8Array {
  const bytes = new Uint8Array(range.lengthBytes);
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, range.offsetBytes + at);
    if (read === 0) throw externalInvalid("the file became shorter while it was read", range);
    at += read;
  }
  return bytes;
}
