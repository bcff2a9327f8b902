import { createHash } from "node:crypto";

import type { BlobStore } from "@edgeloop/core/platform";
import { EdgeloopError, parseSha256, virtualClock } from "@edgeloop/core/platform";
import { crashFileSystem, memoryBlobStore } from "@edgeloop/core/testing";
import { beforeEach, expect, test } from "vitest";

import type { RepositoryFetch } from "../ota-repository.ts";
import { inChunks } from "../testing/ota-plant.ts";
import type { Downloads } from "./blob-download.ts";
import { downloadAttemptsMax, downloadBlob } from "./blob-download.ts";

const content = Uint8Array.from({ length: 10_000 }, (_, index) => (index * 7919) & 255);
const ref = {
  sha256: parseSha256(createHash("sha256").update(content).digest("hex")),
  bytes: content.length,
};

let blobs: BlobStore;
let downloads: Downloads;
/** From which byte each request asked. */
let asked: number[];
beforeEach(() => {
  asked = [];
  blobs = memoryBlobStore();
  downloads = {
    fetch: serve(),
    blobs,
    directory: "/partial",
    fileSystem: crashFileSystem(),
    clock: { ...virtualClock(), sleep: () => Promise.resolve() },
    rng: () => 0,
  };
});

/** Serves `bytes`, cutting the connection after `cutAfter` bytes of each answer. */
function serve(bytes = content, cutAfter = Number.POSITIVE_INFINITY): RepositoryFetch {
  return ({ fromByte }) => {
    asked.push(fromByte);
    return Promise.resolve({ fromByte, content: cutting(bytes.subarray(fromByte), cutAfter) });
  };
}
async function* cutting(bytes: Uint8Array, cutAfter: number): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of inChunks(bytes)) {
    if (sent >= cutAfter) throw new TypeError("terminated");
    sent += chunk.length;
    yield chunk;
  }
}
const pieces = () => downloads.fileSystem.list("/partial");

test("a blob arrives whole, and nothing is left of the way there", async () => {
  expect(await downloadBlob(downloads, ref)).toBe(10_000);
  expect(await blobs.get(ref.sha256)).toEqual(content);
  expect(await pieces()).toEqual([]);
});

test("a link that breaks every 3,000 bytes costs no byte twice", async () => {
  const received = await downloadBlob({ ...downloads, fetch: serve(content, 3000) }, ref);
  expect(asked).toEqual([0, 3000, 6000, 9000]);
  expect(received).toBe(10_000);
  expect(await blobs.get(ref.sha256)).toEqual(content);
});

test("another process goes on where the first was killed", async () => {
  const controller = new AbortController();
  const killed: RepositoryFetch = async (request) => {
    const answer = await serve()(request);
    return answer && { ...answer, content: killing(answer.content, controller) };
  };
  const first = downloadBlob({ ...downloads, fetch: killed }, ref, controller.signal);
  await expect(first).rejects.toThrow();
  expect(await pieces()).toHaveLength(1);
  expect(await downloadBlob(downloads, ref)).toBe(6000);
  expect(asked).toEqual([0, 4000]);
  expect(await blobs.get(ref.sha256)).toEqual(content);
});
async function* killing(
  chunks: AsyncIterable<Uint8Array>,
  controller: AbortController,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const chunk of chunks) {
    if (sent === 4000) controller.abort();
    sent += chunk.length;
    yield chunk;
  }
}

test("a server without Range starts at 0, and nothing is appended twice", async () => {
  await expect(
    downloadBlob({ ...downloads, fetch: once(serve(content, 4000)) }, ref),
  ).rejects.toMatchObject({ code: "OTA_UNREACHABLE" });
  const whole: RepositoryFetch = () => Promise.resolve({ fromByte: 0, content: inChunks(content) });
  expect(await downloadBlob({ ...downloads, fetch: whole }, ref)).toBe(10_000);
  expect(await blobs.get(ref.sha256)).toEqual(content);
});

/** Answers once, and is unreachable from then on. */
function once(fetch: RepositoryFetch): RepositoryFetch {
  let answered = false;
  return (request) => {
    if (answered) return Promise.reject(new TypeError("fetch failed"));
    answered = true;
    return fetch(request);
  };
}

test("pieces that the disk damaged fail the hash, and the download starts again from 0", async () => {
  const { fileSystem } = downloads;
  const zeroed = await fileSystem.create(`/partial/${ref.sha256}.000`);
  await zeroed.write(new Uint8Array(3000));
  await downloadBlob(downloads, ref);
  expect(asked).toEqual([3000, 0]);
  expect(await blobs.get(ref.sha256)).toEqual(content);
});

test("a missing piece, or pieces longer than the blob, are thrown away", async () => {
  const { fileSystem } = downloads;
  await (await fileSystem.create(`/partial/${ref.sha256}.001`)).write(content.subarray(0, 100));
  await downloadBlob(downloads, ref);
  expect(asked).toEqual([0]);
  await blobs.remove(ref.sha256);
  await (await fileSystem.create(`/partial/${ref.sha256}.000`)).write(new Uint8Array(10_001));
  await downloadBlob(downloads, ref);
  expect(asked).toEqual([0, 0]);
});

test("other content is tampered with, an endless one too, and neither leaves anything", async () => {
  const other = content.slice();
  other.set([1], 5000);
  const endless = new Uint8Array(20_000).fill(1);
  for (const bytes of [other, endless]) {
    await expect(downloadBlob({ ...downloads, fetch: serve(bytes) }, ref)).rejects.toMatchObject({
      code: "BUNDLE_TAMPERED",
    });
    expect(await blobs.has(ref.sha256)).toBe(false);
    expect(await pieces()).toEqual([]);
  }
});

test("a repository that stays away is given up, what is here stays for the next time", async () => {
  let attempts = 0;
  const away: RepositoryFetch = () => {
    attempts += 1;
    return Promise.reject(new TypeError("fetch failed"));
  };
  await expect(downloadBlob({ ...downloads, fetch: away }, ref)).rejects.toMatchObject({
    code: "OTA_UNREACHABLE",
  });
  expect(attempts).toBe(downloadAttemptsMax);
  const absent: RepositoryFetch = () => Promise.resolve(undefined);
  await expect(downloadBlob({ ...downloads, fetch: absent }, ref)).rejects.toMatchObject({
    code: "BLOB_MISSING",
  });
});

test("a full disk is reported at once, and the pieces make room", async () => {
  const full: BlobStore = {
    ...blobs,
    async putStream(_, chunks) {
      for await (const chunk of chunks) {
        if (chunk.length > 0) throw new EdgeloopError("BLOB_FULL", "full");
      }
    },
  };
  await expect(downloadBlob({ ...downloads, blobs: full }, ref)).rejects.toMatchObject({
    code: "BLOB_FULL",
  });
  expect(asked).toEqual([0]);
  expect(await pieces()).toEqual([]);
});
