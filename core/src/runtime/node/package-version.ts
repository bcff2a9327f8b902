import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * Reads the installed version of a package; undefined when it is not there.
 *
 * Found upwards from the package's entry, because an export map may hide its `package.json`.
 */
export async function packageVersion(name: string): Promise<string | undefined> {
  let directory = entryOf(name);
  while (directory !== undefined) {
    const manifest = await manifestIn(directory);
    if (manifest?.name === name) return manifest.version;
    const parent = dirname(directory);
    directory = parent === directory ? undefined : parent;
  }
  return undefined;
}

type Manifest = { readonly name?: string; readonly version?: string };

function entryOf(name: string): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(name));
  } catch {
    return undefined;
  }
}

async function manifestIn(directory: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}
