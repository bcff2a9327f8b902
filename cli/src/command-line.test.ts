import { realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { commandLine, runCommand } from "./command-line.ts";
import { temporary } from "./testing.ts";

const [entry = ""] = process.argv.slice(1, 2);
afterEach(() => {
  process.argv[1] = entry;
});
const { signal } = new AbortController();

/** Puts a script in the place of this command line; returns the folder that it is in. */
function standIn(script: string): string {
  const folder = realpathSync(temporary());
  const file = join(folder, "edgeloop.mjs");
  writeFileSync(file, script);
  process.argv[1] = file;
  return folder;
}

test("another process gets this one's flags, entry and then the words", () => {
  process.argv[1] = "main.ts";
  expect(commandLine(["gateway", "run", "g.yaml"])).toEqual([
    ...process.execArgv,
    "main.ts",
    "gateway",
    "run",
    "g.yaml",
  ]);
});

test("a command runs in its folder with --json; what it answers is read, what it says passed on", async () => {
  const cwd = standIn(`
    console.error("one\\n\\n  two");
    console.log(JSON.stringify({ words: process.argv.slice(2), cwd: process.cwd() }));`);
  const lines: string[] = [];
  const answer = await runCommand(["keys", "init"], {
    cwd,
    signal,
    onLine: (line) => lines.push(line),
  });
  expect(answer).toEqual({ words: ["keys", "init", "--json"], cwd });
  expect(lines).toEqual(["one", "two"]);
});

test("a command that fails is an error with the end of what it said", async () => {
  const cwd = standIn(`console.error("KEY_EXISTS: keys/offline.json"); process.exitCode = 1;`);
  await expect(runCommand(["keys", "init", "--role", "x"], { cwd, signal })).rejects.toMatchObject({
    code: "COMMAND_FAILED",
    message: "edgeloop keys init failed: KEY_EXISTS: keys/offline.json",
  });
});

test("a command that crashes is an error with the signal", async () => {
  const cwd = standIn(`process.kill(process.pid, "SIGSEGV"); setInterval(() => undefined, 1000);`);
  await expect(runCommand(["model", "bench"], { cwd, signal })).rejects.toMatchObject({
    code: "COMMAND_FAILED",
    message: "edgeloop model bench failed: (ended by SIGSEGV)",
  });
});

test("an abort ends the command", async () => {
  const cwd = standIn(`console.error("up"); setInterval(() => undefined, 1000);`);
  const stopping = new AbortController();
  const running = runCommand(["release"], {
    cwd,
    signal: stopping.signal,
    onLine: () => stopping.abort(),
  });
  await expect(running).rejects.toMatchObject({ name: "AbortError" });
});
