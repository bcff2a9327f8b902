import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../../shared/datasets", import.meta.url));

/** Tells whether the folder of real data and models lies beside the checkout; tests on it are skipped without. */
export const hasDatasets: boolean = existsSync(root);

/** Reads a file of that folder. */
export const datasetFile = (path: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join(root, path)));

/** Lists a folder of that folder. */
export const datasetFiles = (path: string): readonly string[] => readdirSync(join(root, path));
