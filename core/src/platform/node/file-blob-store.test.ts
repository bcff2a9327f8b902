import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { blobStoreContract } from "../../testing/blob-store-contract.ts";
import { crashFileSystem, survivals } from "../../testing/node/crash-file-system.ts";
import { utf8 } from "../bytes.ts";
import { EdgeloopError } from "../errors.ts";
import { openFileBlobStore } from "./file-blob-store.ts";
import { nodeFileSystem } from "./file-system.ts";

const root = await mkdtemp(join(tmpdir(), "edgeloop-blobs-"));
afterAll(() => rm(root, { recursive: true }));
const fresh = (): Promise<string> => mkdtemp(join(root, "store-"));

blobStoreContract("a directory of blobs", async () => await openFileBlobStore(await fresh()));

test("nothing but blobs is left on disk, whatever was refused", async () => {
  const directory = await fresh();
  const blobs = await openFileBlobStore(directory);
  const ref = await blobs.put(utf8("abc"));
  await blobs.putStream({ ...ref, bytes: 2 }, Readable.from([])).catch(() => undefined);
  expect(await readdir(directory)).toEqual([ref.sha256]);
});

test("leftovers of an interrupted write are gone after opening", async () => {
  const directory = await fresh();
  await writeFile(join(directory, `${"a".repeat(64)}.7.tmp`), "half");
  const blobs = await openFileBlobStore(directory);
  expect(await readdir(directory)).toEqual([]);
  expect(await blobs.list()).toEqual([]);
});

test.for([
  ["truncated", "ab"],
  ["emptied", ""],
  ["altered", "abd"],
] as const)(
  "a blob that the disk %s is refused, and heals when stored again",
  async ([, damage]) => {
    const directory = await fresh();
    const blobs = await openFileBlobStore(directory);
    const ref = await blobs.put(utf8("abc"));
    await writeFile(join(directory, ref.sha256), damage);
    await expect(blobs.get(ref.sha256)).rejects.toMatchObject({ code: "BLOB_MISMATCH" });
    await blobs.put(utf8("abc"));
    expect([...(await blobs.get(ref.sha256))]).toEqual([...utf8("abc")]);
  },
);

test("a blob with a flipped bit counts as missing once it was read, so that it is fetched again", async () => {
  const directory = await fresh();
  const blobs = await openFileBlobStore(directory);
  const ref = await blobs.put(utf8("abc"));
  await writeFile(join(directory, ref.sha256), "abb");
  expect(await blobs.has(ref.sha256)).toBe(true);
  await expect(blobs.get(ref.sha256)).rejects.toMatchObject({ code: "BLOB_MISMATCH" });
  expect([await blobs.has(ref.sha256), await readdir(directory)]).toEqual([false, []]);
  await expect(blobs.get(ref.sha256)).rejects.toMatchObject({ code: "BLOB_MISSING" });
});

test("a blob that is stored again while its damage is found is kept", async () => {
  const directory = await fresh();
  const found = Promise.withResolvers<void>();
  const healed = Promise.withResolvers<void>();
  const blobs = await openFileBlobStore(directory, {
    ...nodeFileSystem,
    async read(path) {
      const content = await nodeFileSystem.read(path);
      found.resolve();
      await healed.promise;
      return content;
    },
  });
  const ref = await blobs.put(utf8("abc"));
  await writeFile(join(directory, ref.sha256), "abb");
  const reading = blobs.get(ref.sha256);
  await found.promise;
  await blobs.put(utf8("abc"));
  healed.resolve();
  expect([...(await reading)]).toEqual([...utf8("abc")]);
  expect(await blobs.has(ref.sha256)).toBe(true);
});

test("a full disk is said to be full and leaves nothing behind", async () => {
  const directory = await fresh();
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const blobs = await openFileBlobStore(directory, {
    ...nodeFileSystem,
    create: async (path) => ({
      ...(await nodeFileSystem.create(path)),
      write: () => Promise.reject(full),
    }),
  });
  await expect(blobs.put(utf8("abc"))).rejects.toMatchObject({ code: "BLOB_FULL", cause: full });
  expect(await readdir(directory)).toEqual([]);
});

const directory = "/blobs";

test("a power cut at any step loses no acknowledged blob and shows no half one", async () => {
  const whole = crashFileSystem();
  const complete = await openFileBlobStore(directory, whole);
  const [old, next] = [await complete.put(utf8("old")), await complete.put(utf8("the new one"))];
  for (let cut = 0; cut <= whole.steps; cut += 1) {
    const disk = crashFileSystem();
    const acknowledged = new Set<string>();
    disk.cutAfter(cut);
    const blobs = await openFileBlobStore(directory, disk);
    for (const text of ["old", "the new one"]) {
      const ref = await blobs.put(utf8(text)).catch((error: unknown) => {
        expect(error).toBeInstanceOf(EdgeloopError);
      });
      if (ref) acknowledged.add(ref.sha256);
    }
    for (const survival of survivals) {
      const after = await openFileBlobStore(directory, disk.restart(survival));
      for (const ref of [old, next]) {
        const content = await after.get(ref.sha256).catch((error: unknown) => {
          // Unacknowledged content may be missing; it is never passed off as whole.
          expect(error).toMatchObject({ code: expect.stringMatching(/^BLOB_MISSING$/) });
        });
        if (acknowledged.has(ref.sha256)) expect(content).toHaveLength(ref.bytes);
      }
    }
  }
});

test("a removed blob stays removed after a power cut", async () => {
  const disk = crashFileSystem();
  const blobs = await openFileBlobStore(directory, disk);
  const ref = await blobs.put(utf8("abc"));
  await blobs.remove(ref.sha256);
  for (const survival of survivals) {
    const after = await openFileBlobStore(directory, disk.restart(survival));
    expect(await after.has(ref.sha256)).toBe(false);
  }
});
