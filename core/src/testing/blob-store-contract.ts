import { describe, expect, test } from "vitest";
import type { BlobRef, BlobStore } from "../platform/blob-store.ts";
import { utf8 } from "../platform/bytes.ts";
import { parseSha256 } from "../platform/ids.ts";
import { sha256 } from "../platform/sha256.ts";

// FIPS 180-4's first example, "abc".
const abc: BlobRef = {
  sha256: parseSha256("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  bytes: 3,
};

async function* stream(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(utf8(piece));
}

/** Registers the tests that every {@link BlobStore} passes; `open` gives an empty store. */
export function blobStoreContract(name: string, open: () => Promise<BlobStore>): void {
  describe(`${name} keeps the blob store contract`, () => {
    test("a blob is named by its hash and read back", async () => {
      const blobs = await open();
      expect(await blobs.put(utf8("abc"))).toEqual(abc);
      expect([...(await blobs.get(abc.sha256))]).toEqual([...utf8("abc")]);
      expect(await blobs.has(abc.sha256)).toBe(true);
    });

    test("storing twice is storing once", async () => {
      const blobs = await open();
      await Promise.all([
        blobs.put(utf8("abc")),
        blobs.put(utf8("abc")),
        blobs.putStream(abc, stream("abc")),
      ]);
      expect(await blobs.list()).toEqual([abc.sha256]);
    });

    test("a stream is stored however it is cut", async () => {
      const blobs = await open();
      await blobs.putStream(abc, stream("a", "", "bc"));
      expect([...(await blobs.get(abc.sha256))]).toEqual([...utf8("abc")]);
    });

    test.for([
      ["too short", ["ab"]],
      ["too long", ["abc", "d"]],
      ["of other content", ["abd"]],
      ["empty", []],
    ] as const)("a stream that is %s is refused and leaves nothing", async ([, pieces]) => {
      const blobs = await open();
      await expect(blobs.putStream(abc, stream(...pieces))).rejects.toMatchObject({
        code: "BLOB_MISMATCH",
      });
      expect(await blobs.has(abc.sha256)).toBe(false);
      expect(await blobs.list()).toEqual([]);
    });

    test("a stream that breaks off leaves nothing, and its error is the caller's", async () => {
      const blobs = await open();
      const broken = async function* (): AsyncGenerator<Uint8Array> {
        yield* stream("ab");
        throw new Error("line dropped");
      };
      await expect(blobs.putStream(abc, broken())).rejects.toThrowError("line dropped");
      expect(await blobs.list()).toEqual([]);
    });

    test("a missing blob is said to be missing", async () => {
      const blobs = await open();
      expect(await blobs.has(abc.sha256)).toBe(false);
      await expect(blobs.get(abc.sha256)).rejects.toMatchObject({ code: "BLOB_MISSING" });
      await blobs.remove(abc.sha256);
    });

    test("a removed blob is gone and may be stored again", async () => {
      const blobs = await open();
      await blobs.put(utf8("abc"));
      await blobs.remove(abc.sha256);
      expect(await blobs.has(abc.sha256)).toBe(false);
      await blobs.put(utf8("abc"));
      expect(await blobs.has(abc.sha256)).toBe(true);
    });

    test("the list is sorted and complete", async () => {
      const blobs = await open();
      const texts = ["", "x", "y", "z"];
      await Promise.all(texts.map((text) => blobs.put(utf8(text))));
      const names = await Promise.all(texts.map((text) => sha256(utf8(text))));
      expect(await blobs.list()).toEqual(names.toSorted());
    });
  });
}
