// Model files of others, kept beside the checkout: what formats and runtimes are tested on.
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./source-files.ts";

const folder = join(root, "../shared/datasets/models");

/** Whether the folder is there; tests that need it skip where it is not. */
export const haveModelFiles: boolean = existsSync(folder);

/** Paths below the folder that match a pattern, sorted. */
export const modelFiles = (pattern: string): readonly string[] =>
  globSync(pattern, { cwd: folder }).sort();

/** Reads a file below the folder. */
export const readModelFile = (path: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(readFileSync(join(folder, path)));
