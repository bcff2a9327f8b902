// Runs the checks of the workspace, one stage after the other, and closes with one line that counts them.
//   npm run check        format, lint, types, unit tests
//   npm test             the same, then tour, house rules, scenarios and packaging
//   npm test -- unit     only the stages named
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

type Outcome = { readonly passed: number; readonly failed: number; readonly skipped: number };
type Stage = { readonly name: string; readonly run: () => Outcome };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name: string): string => join(root, "node_modules", ".bin", name);
const scratch = mkdtempSync(join(tmpdir(), "edgeloop-check-"));

function command(file: string, args: readonly string[]): boolean {
  const child = spawnSync(file, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  return child.status === 0;
}

const counted = (ok: boolean): Outcome => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 });

const tool = (name: string, ...args: readonly string[]): Stage["run"] => {
  return () => counted(command(bin(name), args));
};

/** Runs a project of vitest; its own counts are the outcome. */
const vitest = (project: string): Stage["run"] => {
  return () => {
    const report = join(scratch, `${project}.json`);
    const entry = join(root, "node_modules", "vitest", "vitest.mjs");
    const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
    const ok = command(process.execPath, [entry, "run", "--project", project, ...reporters]);
    const counts = readCounts(report);
    return ok || counts.failed > 0 ? counts : { ...counts, failed: counts.failed + 1 };
  };
};

function readCounts(report: string): Outcome {
  try {
    const json = JSON.parse(readFileSync(report, "utf8"));
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests,
      skipped: json.numPendingTests + json.numTodoTests,
    };
  } catch (error) {
    console.error(`edgeloop: no test report at ${report}: ${String(error)}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const check: readonly Stage[] = [
  { name: "lint", run: tool("biome", "check", "--error-on-warnings", ".") },
  { name: "types", run: tool("tsc", "-p", "tsconfig.json") },
  { name: "portable", run: tool("tsc", "-p", "tsconfig.portable.json") },
  { name: "test-types", run: tool("tsc", "-p", "test/tsconfig.json") },
  { name: "page-types", run: tool("tsc", "-p", "cli/src/demo/report/tsconfig.json") },
  { name: "unit", run: vitest("unit") },
  { name: "alone", run: vitest("alone") },
];
const all: readonly Stage[] = [
  ...check,
  { name: "house", run: vitest("house") },
  { name: "browser", run: vitest("browser") },
  { name: "webgpu", run: vitest("webgpu") },
  { name: "scenarios", run: vitest("scenarios") },
  { name: "packaging", run: vitest("packaging") },
];

function main([mode = "test", ...names]: readonly string[]): number {
  const stages = (mode === "check" ? check : all).filter(
    (stage) => names.length === 0 || names.includes(stage.name),
  );
  let total: Outcome = { passed: 0, failed: 0, skipped: 0 };
  for (const stage of stages) {
    const startMs = performance.now();
    console.log(`\n== ${stage.name}`);
    const { passed, failed, skipped } = stage.run();
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`== ${stage.name}: ${failed === 0 ? "ok" : "FAILED"} in ${seconds} s`);
    total = {
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    };
  }
  rmSync(scratch, { recursive: true });
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
  return total.failed === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
