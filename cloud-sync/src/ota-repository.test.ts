import { utf8 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";

import { httpRepository, readWhole } from "./ota-repository.ts";
import { inChunks } from "./testing/ota-plant.ts";

const content = utf8("0123456789");

/** A server of one file; `ranges` says whether it can resume. */
function server(ranges: boolean, seen: Request[] = []): typeof globalThis.fetch {
  return (input, init) => {
    const request = new Request(input, init);
    seen.push(request);
    if (!request.url.endsWith("/base/blobs/x"))
      return Promise.resolve(new Response("", { status: 404 }));
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.get("range") ?? "")?.[1] ?? 0);
    if (!ranges || from === 0) return Promise.resolve(new Response(content));
    if (from >= content.length) return Promise.resolve(new Response("", { status: 416 }));
    const headers = { "content-range": `bytes ${from}-9/10` };
    return Promise.resolve(new Response(content.slice(from), { status: 206, headers }));
  };
}
const text = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: string[] = [];
  for await (const chunk of chunks) parts.push(Buffer.from(chunk).toString());
  return parts.join("");
};

test("a server that can resume starts where it is asked to, one that cannot says so", async () => {
  for (const [ranges, fromByte, rest] of [
    [true, 4, "456789"],
    [false, 0, "0123456789"],
  ] as const) {
    const read = httpRepository({ url: "https://plant.example/base/", fetch: server(ranges) });
    const answer = await read({ path: "blobs/x", fromByte: 4 });
    expect(answer?.fromByte).toBe(fromByte);
    expect(await text(answer?.content ?? inChunks(new Uint8Array()))).toBe(rest);
  }
});

test("asking behind the end yields nothing, and a missing file is undefined", async () => {
  const read = httpRepository({ url: "https://plant.example/base", fetch: server(true) });
  const behind = await read({ path: "blobs/x", fromByte: 10 });
  expect(behind?.fromByte).toBe(10);
  expect(await text(behind?.content ?? inChunks(content))).toBe("");
  expect(await read({ path: "blobs/y", fromByte: 0 })).toBeUndefined();
});

test("every request carries a fresh authorization", async () => {
  const seen: Request[] = [];
  let minted = 0;
  const authorization = () => {
    minted += 1;
    return Promise.resolve(`Bearer ${minted}`);
  };
  const read = httpRepository({ url: "https://x/base", fetch: server(true, seen), authorization });
  await read({ path: "blobs/x", fromByte: 0 });
  await read({ path: "blobs/x", fromByte: 0 });
  expect(seen.map((request) => request.headers.get("authorization"))).toEqual([
    "Bearer 1",
    "Bearer 2",
  ]);
});

test("any other status is unreachable", async () => {
  const fetch = () => Promise.resolve(new Response("", { status: 500 }));
  const read = httpRepository({ url: "https://x", fetch });
  await expect(read({ path: "blobs/x", fromByte: 0 })).rejects.toMatchObject({
    code: "OTA_UNREACHABLE",
  });
});

/** Sends a few bytes, then fails as a reset connection does. */
const breaksOff = (): Promise<Response> => {
  let sent = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent) controller.error(new TypeError("terminated"));
      else controller.enqueue(content.slice(0, 4));
      sent = true;
    },
  });
  return Promise.resolve(new Response(body));
};
const stalls: typeof globalThis.fetch = (_input, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
  });

const broken: readonly (readonly [string, typeof globalThis.fetch])[] = [
  ["is refused", () => Promise.reject(new TypeError("fetch failed"))],
  ["breaks off in the content", breaksOff],
  ["stalls", stalls],
];

test.for(broken)("a connection that %s is unreachable", async ([, fetch]) => {
  const read = httpRepository({ url: "https://x", fetch, requestTimeoutMs: 1 });
  await expect(readWhole(read, "metadata/x.json", { bytesMax: 100 })).rejects.toMatchObject({
    code: "OTA_UNREACHABLE",
  });
});

test("an abort by the caller stays what it is", async () => {
  const stop = new AbortController();
  const read = httpRepository({ url: "https://x", fetch: stalls });
  const reading = read({ path: "blobs/x", fromByte: 0, signal: stop.signal });
  stop.abort();
  await expect(reading).rejects.toMatchObject({ name: "AbortError" });
});

test("an endless answer is cut at the limit", async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent += 100;
      yield await Promise.resolve(new Uint8Array(100));
    }
  }
  const fetch = () => Promise.resolve({ fromByte: 0, content: endless() });
  await expect(readWhole(fetch, "metadata/x.json", { bytesMax: 1000 })).rejects.toMatchObject({
    code: "OTA_TOO_LARGE",
  });
  expect(sent).toBeLessThanOrEqual(1100);
});

test("a file of exactly the limit is read, in any chunks", async () => {
  for (const chunkBytes of [1, 3, 10, 100]) {
    const fetch = () => Promise.resolve({ fromByte: 0, content: inChunks(content, chunkBytes) });
    expect(await readWhole(fetch, "x", { bytesMax: 10 })).toEqual(content);
  }
});
