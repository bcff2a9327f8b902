import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nativeKey, readNativeState, recordNativeCrash, tryNative } from "./native-state.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-native-"));
  path = join(directory, "native.json");
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});
const crashes = async (): Promise<number> =>
  (await readNativeState(path, await nativeKey())).crashes;

test("an absent, damaged or foreign file is a fresh start", async () => {
  expect(await crashes()).toBe(0);
  await writeFile(path, "{ torn");
  expect(await crashes()).toBe(0);
  await writeFile(path, JSON.stringify({ format: 2, key: await nativeKey(), crashes: 9 }));
  expect(await crashes()).toBe(0);
});

test("crashes add up for one combination of package, Node and processor only", async () => {
  await recordNativeCrash(path);
  await recordNativeCrash(path);
  expect(await crashes()).toBe(2);
  expect((await readNativeState(path, "another processor")).crashes).toBe(0);
});

test("a process that dies while it tries native code leaves a mark that counts as a crash", async () => {
  let during = "";
  await tryNative(path, async () => {
    during = await readFile(path, "utf8");
  });
  expect(await crashes()).toBe(0);
  await writeFile(path, during);
  expect(await crashes()).toBe(1);
});

test("work that merely throws is no crash", async () => {
  const work = (): Promise<never> => Promise.reject(new TypeError("refused"));
  await expect(tryNative(path, work)).rejects.toThrow("refused");
  expect(await crashes()).toBe(0);
});
