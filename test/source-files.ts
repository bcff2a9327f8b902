// The project's own sources, as text: what the house tests read.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the checkout. */
export const root: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** Packages, and which of ours each may import: the table of ARCHITECTURE.md. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  core: [],
  models: ["core"],
  "sensor-adapters": ["core"],
  "firmware-bridge": ["core"],
  "cloud-sync": ["core"],
  "device-agent": ["core", "sensor-adapters", "firmware-bridge", "cloud-sync"],
  cli: ["core", "models", "sensor-adapters", "firmware-bridge", "cloud-sync", "device-agent"],
};

/** Folders of `core/src` in order: each may import only those before it. */
export const coreOrder: readonly string[] = [
  "platform",
  "data",
  "statistics",
  "graph",
  "tflite",
  "runtime",
  "signal",
  "autodiff",
  "quantize",
  "training",
  "bundle",
];

/** One file of the project. */
export type SourceFile = { readonly path: string; readonly text: string };

/** Reads files by glob, relative to the checkout, with `/` in paths. */
export function filesOf(...patterns: readonly string[]): readonly SourceFile[] {
  return globSync([...patterns], { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] })
    .map((path) => path.split(sep).join("/"))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** Every module that ships. */
export const sources = (): readonly SourceFile[] =>
  filesOf("*/src/**/*.ts").filter(
    ({ path }) => !path.startsWith("test/") && !/\.(test|d)\.ts$/.test(path),
  );

/** The module specifiers that a file imports or exports from. */
export const importsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:from|import\(|resolve\()\s*"([^"]+)"/g)].flatMap((match) => match[1] ?? []);
