// Commands of a page of the documentation, typed as they stand there.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { root } from "../source-files.ts";

/** A command of a page with what it says that it prints. */
export type Step = { readonly command: string; readonly output: readonly string[] };

/** Reads the commands of a page in docs/: blocks of console that begin with `$ `. */
export const stepsOf = (page: string): readonly Step[] =>
  [
    ...readFileSync(join(root, "docs", page), "utf8").matchAll(
      /```console\n\$ (.*)\n([\s\S]*?)```/g,
    ),
  ].map(([, command = "", output = ""]) => ({
    command,
    output: output.trim().split("\n").filter(Boolean),
  }));

/** Numbers, units of time, runtimes and what was best differ from run to run; the rest of a line does not. */
const shape = (line: string): string =>
  line
    .replaceAll(/[0-9a-f]{64}/g, "#")
    .replaceAll(/-?\d+(\.\d+)?(e-\d+)?/g, "0")
    .replaceAll(/(?<!\w)(us|µs|ms)(?!\w)/g, "time")
    .replaceAll(/\b(native|wasm)\b/g, "backend")
    .replace(/^auto: .*/, "auto")
    .replace(/ +kept$/, "")
    .replaceAll(/ +/g, " ")
    .trim();

/** Types a command; `heard` is told each line of its standard output. */
export function type(
  command: string,
  cwd: string,
  heard: (line: string) => void = () => undefined,
) {
  const PATH = `${join(root, "node_modules", ".bin")}:${process.env["PATH"]}`;
  const child = spawn("sh", ["-c", `exec ${command}`], { cwd, env: { ...process.env, PATH } });
  const lines: string[] = [];
  let [open, errors] = ["", ""];
  child.stdout.on("data", (chunk) => {
    const parts = (open + String(chunk)).split("\n");
    open = parts.pop() ?? "";
    for (const line of parts) {
      lines.push(line);
      heard(line);
    }
  });
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  const done = once(child, "close").then(([code]) => ({ code, lines, errors }));
  return { child, lines, done };
}

/** Says that the page's lines came, in that order, between whatever else came. */
export function expectLines(lines: readonly string[], step: Step): void {
  let from = 0;
  const came = lines.map(shape);
  for (const line of step.output) {
    const at = came.indexOf(shape(line), from);
    expect(at, `"${line}" of ${step.command} after ${from} of\n${lines.join("\n")}`).not.toBe(-1);
    from = at + 1;
  }
}
