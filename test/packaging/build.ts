// Builds the published form of every package, ready for `npm pack` and `npm publish`:
//   node --conditions=@edgeloop/source test/packaging/build.ts DIRECTORY
import { execFile } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import type { Plugin } from "rollup";
import { rollup } from "rollup";
import { root } from "../source-files.ts";

/** What of a `package.json` decides what is published. */
export type PackageJson = {
  readonly name: string;
  readonly version: string;
  readonly files: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Targets | string>>;
  readonly imports?: Readonly<Record<string, Targets>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

/** Where an export or import leads, by condition. */
export type Targets = Readonly<Record<string, string>>;

/** A package as it is published. */
export type Published = {
  readonly manifest: PackageJson;
  readonly directory: string;
  /** Modules of other packages and of Node that its code imports. */
  readonly imported: readonly string[];
};

/** Reads a `package.json`. */
export const readManifest = (directory: string): PackageJson =>
  JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));

/** Folders of the packages, in the order of the workspace. */
export const folders: readonly string[] = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
).workspaces;

/**
 * Writes every package's published form into a folder of its own.
 *
 * Modules stay one file each: workers, assets beside a module and subpath exports keep their places, and a stack trace
 * names the file that a reader of the sources knows.
 *
 * @param directory An empty folder; each package gets a folder of its workspace's name.
 */
export async function buildPackages(directory: string): Promise<readonly Published[]> {
  const [published] = await Promise.all([
    Promise.all(folders.map((folder) => buildPackage(folder, join(directory, folder)))),
    buildDeclarations(directory),
  ]);
  return published;
}

/** Takes the types off; positions stay what they were, as when Node runs the source. */
const stripTypes: Plugin = {
  name: "strip-types",
  transform: (code) => ({ code: stripTypeScriptTypes(code), map: null }),
};

async function buildPackage(folder: string, to: string): Promise<Published> {
  const from = join(root, folder);
  const manifest = readManifest(from);
  copyFiles(from, to, manifest);
  const bundle = await rollup({
    input: entriesOf(from, manifest),
    plugins: [stripTypes],
    external: (id) => !/^[./]/.test(id),
    onwarn: (warning) => {
      throw new Error(`${folder}: ${warning.message}`);
    },
  });
  const { output } = await bundle.write({
    dir: join(to, "dist"),
    format: "es",
    preserveModules: true,
    preserveModulesRoot: join(from, "src"),
  });
  await bundle.close();
  const imported = output.flatMap((file) =>
    file.type === "chunk" ? [...file.imports, ...file.dynamicImports] : [],
  );
  const others = imported.filter((name) => !output.some(({ fileName }) => fileName === name));
  return { manifest, directory: to, imported: [...new Set(others)].toSorted() };
}

/** Every module that is reached by name or by path: exports, worker entries, the command, the pages' scripts. */
function entriesOf(from: string, manifest: PackageJson): string[] {
  const named = Object.values({ ...manifest.exports, ...manifest.imports }).flatMap((targets) =>
    typeof targets === "string" ? [] : (targets["@edgeloop/source"] ?? []),
  );
  const byPath = globSync(["src/main.ts", "src/**/page.ts"], { cwd: from });
  return [...named, ...byPath].map((path) => join(from, path));
}

function copyFiles(from: string, to: string, { files }: PackageJson): void {
  const assets = globSync("src/**/*.{css,html,svg,d.ts}", { cwd: from });
  cpSync(join(root, "LICENSE"), join(to, "LICENSE"));
  for (const name of ["package.json", ...files]) {
    if (name !== "dist" && existsSync(join(from, name))) {
      cpSync(join(from, name), join(to, name), { recursive: true });
    }
  }
  for (const asset of assets) {
    cpSync(join(from, asset), join(to, "dist", relative("src", asset)));
  }
}

async function buildDeclarations(directory: string): Promise<void> {
  const all = join(directory, ".declarations");
  const options = ["--noEmit", "false", "--emitDeclarationOnly", "--rootDir", ".", "--outDir", all];
  const tsc = join(root, "node_modules", ".bin", "tsc");
  await promisify(execFile)(tsc, ["-p", "tsconfig.json", ...options], { cwd: root }).catch(
    ({ stdout }) => {
      throw new Error(`the sources do not compile:\n${stdout}`);
    },
  );
  for (const path of globSync("*/src/**/*.d.ts", { cwd: all })) {
    const to = join(directory, path.replace("/src/", "/dist/"));
    const text = readFileSync(join(all, path), "utf8");
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, publishedPaths(text, dirname(join(all, path)), dirname(join(root, path))));
  }
}

/**
 * Makes the paths in a declaration what they are when published: modules end in `.js`, and an ambient declaration, which
 * the compiler refers to in the sources, lies beside as it does there.
 */
const publishedPaths = (text: string, from: string, source: string): string =>
  text
    .replaceAll(/(["'])(\.{1,2}\/[^"']*)(?<!\.d)\.ts\1/g, "$1$2.js$1")
    .replaceAll(
      /(?<=<reference path=")[^"]+/g,
      (path) => `./${relative(source, resolve(from, path))}`,
    );

if (import.meta.main) {
  const [directory] = process.argv.slice(2);
  if (directory === undefined) throw new Error("name the folder to build into");
  for (const { manifest } of await buildPackages(resolve(directory))) {
    console.log(`${manifest.name} ${manifest.version}`);
  }
}
