import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BackendChoice } from "../backend-trial.ts";
import { choiceKey, choicesMax, fileMemory } from "./choice-memory.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-memory-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const choice: BackendChoice = { backend: "native", threads: 1, why: "measured", trials: [] };

test("a choice is found by its key, and by no other", async () => {
  const memory = fileMemory(join(directory, "cache", "backends.json"));
  expect(await memory.read("a")).toBeUndefined();
  await memory.write("a", choice);
  await memory.write("b", { ...choice, backend: "wasm" });
  expect(await memory.read("a")).toEqual(choice);
  expect(await memory.read("c")).toBeUndefined();
});

test("a damaged file, and one of another format, count as empty and are replaced", async () => {
  const path = join(directory, "backends.json");
  const memory = fileMemory(path);
  for (const text of ["{ torn", JSON.stringify({ format: 1, choices: { a: choice } })]) {
    await writeFile(path, text);
    expect(await memory.read("a")).toBeUndefined();
  }
  await memory.write("a", choice);
  expect(await memory.read("a")).toEqual(choice);
});

test("the file keeps the latest choices only", async () => {
  const path = join(directory, "backends.json");
  const old = Object.fromEntries(Array.from({ length: choicesMax }, (_, at) => [`k${at}`, choice]));
  await writeFile(path, JSON.stringify({ format: 2, choices: old }));
  await fileMemory(path).write("new", choice);
  const keys = Object.keys(JSON.parse(await readFile(path, "utf8")).choices);
  expect([keys.length, keys[0], keys.at(-1)]).toEqual([choicesMax, "k1", "new"]);
});

test("a key names the model, the versions of the runtimes, the processor and the threads", async () => {
  const [one, other] = [Uint8Array.of(1), Uint8Array.of(2)];
  const key = await choiceKey(one, 1);
  expect(key).toMatch(/^[0-9a-f]{64} \| 1\.30\.0 \|.* \| 1$/);
  expect(await choiceKey(one, 1)).toBe(key);
  expect(await choiceKey(other, 1)).not.toBe(key);
  expect(await choiceKey(one, 2)).not.toBe(key);
});
