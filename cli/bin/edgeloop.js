#!/usr/bin/env node
// Starts the command line: from `src` in the checkout, from `dist` when published, under the pinned Node where it is
// installed. Plain JavaScript that Node 20 can read, so that an old Node gets a sentence instead of a syntax error.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(home, "src", "main.ts");
const inCheckout = existsSync(source);
const pinned = join(dirname(home), "node_modules", ".bin", "node");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const recent = major > 24 || (major === 24 && minor >= 15);

if (!(inCheckout && existsSync(pinned)) && !recent) {
  console.error(`edgeloop: needs Node 24.15 or newer; this is ${process.version}`);
  process.exit(1);
}
const node = inCheckout && existsSync(pinned) ? pinned : process.execPath;
const entry = inCheckout
  ? ["--conditions=@edgeloop/source", "--disable-warning=ExperimentalWarning", source]
  : [join(home, "dist", "main.js")];
const child = spawn(node, [...entry, ...process.argv.slice(2)], { stdio: "inherit" });
// The terminal signals the whole group; a supervisor signals this process alone, so pass those on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGTERM" ? 143 : 130)));
