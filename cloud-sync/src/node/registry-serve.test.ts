import { virtualClock } from "@edgeloop/core/platform";
import { crashFileSystem, memoryBlobStore } from "@edgeloop/core/testing";
import { beforeEach, expect, test } from "vitest";

import { generateKey } from "../keys.ts";
import type { RegistryDesk } from "./registry-serve.ts";
import { serveFile } from "./registry-serve.ts";

let desk: RegistryDesk;
let hash: string;
beforeEach(async () => {
  const fileSystem = crashFileSystem();
  const clock = virtualClock();
  const blobs = memoryBlobStore();
  desk = { shelf: { directory: "/r", key: await generateKey(), clock, fileSystem }, blobs };
  hash = (await blobs.put(new Uint8Array(100_000).fill(7))).sha256;
  for (const path of ["/r/metadata/timestamp.json", "/r/metadata/2.root.json", "/r/secret.json"]) {
    await (await fileSystem.create(path)).write(new Uint8Array(10));
  }
});

test("metadata, targets and blobs are served, from any byte on", async () => {
  const read = async (path: string, fromByte = 0) => {
    const file = await serveFile(desk, path, fromByte);
    let bytes = 0;
    for await (const chunk of file?.content ?? []) bytes += chunk.length;
    return { ...file, content: bytes };
  };
  expect(await read("metadata/timestamp.json")).toEqual({
    fromByte: 0,
    bytes: 10,
    immutable: false,
    content: 10,
  });
  expect(await read("metadata/2.root.json")).toMatchObject({ immutable: true });
  const whole = { bytes: 100_000, immutable: true };
  expect(await read(`blobs/${hash}`)).toEqual({ ...whole, fromByte: 0, content: 100_000 });
  expect(await read(`blobs/${hash}`, 70_000)).toEqual({
    ...whole,
    fromByte: 70_000,
    content: 30_000,
  });
  expect(await read(`blobs/${hash}`, 200_000)).toEqual({ ...whole, fromByte: 100_000, content: 0 });
  expect(await read(`targets/rounds/pumps/${hash}.2.json`)).toMatchObject(whole);
});

test("nothing else is: no other directory, no previous file, no missing one", async () => {
  for (const path of [
    "secret.json",
    "metadata/../secret.json",
    "metadata/%2e%2e/secret.json",
    "metadata/timestamp.json.prev",
    "metadata/timestamp.json.tmp",
    "metadata/3.root.json",
    "metadata/",
    "",
    `blobs/${"0".repeat(64)}`,
    `blobs/../blobs/${hash}`,
    `targets/../${hash}.x`,
  ]) {
    expect(await serveFile(desk, path, 0), path).toBeUndefined();
  }
});
