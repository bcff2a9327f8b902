// Runs one task of the workspace under the pinned Node. Plain JavaScript for Node 20: it is what `npm start` and
// `npm test` call, and it installs what is missing first, because .npmrc turns every install script off.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const stamp = join(root, "node_modules", ".edgeloop-lock");
const source = "--conditions=@edgeloop/source";

const tasks = {
  demo: ["cli/bin/edgeloop.js", "demo"],
  test: [source, "test/run.ts", "test"],
  check: [source, "test/run.ts", "check"],
  bench: [source, "test/bench/run.ts"],
  arm64: [source, "test/packaging/arm64.ts"],
};

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

function install() {
  const hash = lockHash();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  console.error("edgeloop: installing npm packages (once; no install scripts run) ...");
  const npm = spawnSync(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    { cwd: root, stdio: ["ignore", 2, 2] },
  );
  if (npm.status !== 0) {
    console.error("edgeloop: `npm ci` failed: check the network and the npm registry setting");
    process.exit(1);
  }
  writeFileSync(stamp, hash);
}

function pinnedNode() {
  const pinned = join(root, "node_modules", ".bin", "node");
  if (existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 24 || (major === 24 && minor >= 15)) return process.execPath;
  console.error(
    `edgeloop: needs Node 24.15 or newer; this is ${process.version} and the pinned one did not install on ${process.platform}-${process.arch}`,
  );
  process.exit(1);
}

const [name = "", ...rest] = process.argv.slice(2);
const task = tasks[name];
if (!task) {
  console.error(`edgeloop: unknown task ${name}; one of ${Object.keys(tasks).join(", ")}`);
  process.exit(2);
}
install();
const [, ...args] = [null, ...task, ...rest];
const child = spawnSync(pinnedNode(), args, { cwd: root, stdio: "inherit" });
process.exit(child.status ?? 1);
