import { parseName, parseSha256, silentLog, utf8 } from "@edgeloop/core/platform";
import { crashFileSystem, memoryLog } from "@edgeloop/core/testing";
import { expect, test } from "vitest";

import type { OtaMemory } from "./ota-store.ts";
import { memoryBytes, openOtaStore, parseMemory } from "./ota-store.ts";

const hash = parseSha256("a".repeat(64));
const memory: OtaMemory = {
  format: 1,
  seenUs: 1_800_000_000_000_000,
  accepted: [{ sha256: hash, line: parseName("pumps"), version: 1, origin: hash }],
};
const text = (bytes: Uint8Array): string => {
  const read = Buffer.from(bytes).toString();
  if (!read.startsWith("good")) throw new Error("damaged");
  return read;
};

test("the memory survives writing and reading, and notices every flipped bit and every cut", () => {
  const bytes = memoryBytes(memory);
  expect(parseMemory(bytes)).toEqual(memory);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = bytes.slice();
    flipped.set([(flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
    expect(() => parseMemory(flipped)).toThrow();
  }
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => parseMemory(bytes.slice(0, length))).toThrow();
  }
});

test("a damaged file is replaced by the one before it, and said so", async () => {
  const fileSystem = crashFileSystem();
  const log = memoryLog();
  const store = await openOtaStore("/d", { fileSystem, log });
  await store.write("root", utf8("good 1"));
  await store.write("root", utf8("good 2"));
  expect(await store.read("root", text)).toBe("good 2");
  const file = await fileSystem.create("/d/root.json");
  await file.write(new Uint8Array(6));
  expect(await store.read("root", text)).toBe("good 1");
  expect(log.lines.map(({ level, event }) => [level, event])).toEqual([
    ["warn", "update file damaged"],
  ]);
});

test("nothing usable is undefined, not an error", async () => {
  const store = await openOtaStore("/d", { fileSystem: crashFileSystem(), log: silentLog });
  expect(await store.read("root", text)).toBeUndefined();
  await store.write("root", utf8("bad"));
  expect(await store.read("root", text)).toBeUndefined();
  expect(await store.readMemory()).toEqual({ format: 1, seenUs: 0, accepted: [] });
});

test("what is forgotten does not come back from the one before", async () => {
  const store = await openOtaStore("/d", { fileSystem: crashFileSystem(), log: silentLog });
  await store.write("timestamp", utf8("good 1"));
  await store.write("timestamp", utf8("good 2"));
  await store.forget("timestamp");
  expect(await store.read("timestamp", text)).toBeUndefined();
});
