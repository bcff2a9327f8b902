import { readFile } from "node:fs/promises";

/** Reads the version of this command line from its own package. */
export async function versionOf(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  return String(JSON.parse(text).version);
}
