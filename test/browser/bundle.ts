// Bundles sources for a tab with rollup, as an application would: types off, packages by their export maps.
import { existsSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import type { Plugin } from "rollup";
import { rollup } from "rollup";
import { root } from "../source-files.ts";

/** Finds this workspace's packages, and other ones where a browser's bundler would. */
const packages: Plugin = {
  name: "packages",
  resolveId(id) {
    const [, folder = "", subpath = ""] = /^@edgeloop\/([a-z-]+)(\/.+)?$/.exec(id) ?? [];
    if (folder === "") return null;
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const path: unknown = manifest.exports[`.${subpath}`]?.["@edgeloop/source"];
    return typeof path === "string" ? join(root, folder, path) : null;
  },
};

const stripTypes: Plugin = {
  name: "strip-types",
  transform: (code, id) =>
    id.endsWith(".ts") ? { code: stripTypeScriptTypes(code), map: null } : null,
};

/** What a bundle is: its modules, the entry first, and what it leaves to be imported. */
export type Bundle = { readonly modules: readonly string[]; readonly imports: readonly string[] };

/**
 * Bundles an entry and what of the workspace it uses; other packages stay imports.
 *
 * @param entry A path, or code itself.
 * @param lazy Whether what is imported on demand becomes part of the one module, or stays away.
 */
export async function bundle(entry: string, lazy: "inside" | "apart"): Promise<Bundle> {
  const isPath = existsSync(entry);
  const virtual: Plugin = {
    name: "entry",
    resolveId: (id) => (id === "entry" ? "\0entry.ts" : null),
    load: (id) => (id === "\0entry.ts" ? entry : null),
  };
  const built = await rollup({
    input: isPath ? entry : "entry",
    plugins: [virtual, packages, stripTypes],
    external: (id) => !/^[./\0]|^entry$|^@edgeloop\//.test(id),
    // Nothing of ours does anything when it is imported: a test holds that.
    treeshake: { moduleSideEffects: isPath ? (id) => id === entry : (id) => id === "\0entry.ts" },
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  const { output } = await built.generate({
    format: "es",
    inlineDynamicImports: lazy === "inside",
    entryFileNames: "entry.js",
  });
  await built.close();
  const chunks = output.filter((file) => file.type === "chunk");
  const own = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const reached = new Set<string>(["entry.js"]);
  for (const name of reached) for (const next of own.get(name)?.imports ?? []) reached.add(next);
  const parts = [...reached].flatMap((name) => own.get(name) ?? []);
  const named = parts.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
  return {
    modules: parts.map(({ code }) => code),
    imports: [...new Set(named)].filter((name) => !own.has(name)),
  };
}
