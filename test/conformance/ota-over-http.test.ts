// Registry and updater as they meet in the field: files on disk, HTTP between them, connections that break.
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { bundleBlobs, manifestBytes } from "@edgeloop/core/bundle";
import { openFileBlobStore, systemClock } from "@edgeloop/core/platform/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SigningKey } from "../../cloud-sync/src/keys.ts";
import { createKeyFile, readKeyFile } from "../../cloud-sync/src/node/key-file.ts";
import type { Updater } from "../../cloud-sync/src/node/ota-client.ts";
import { openUpdater } from "../../cloud-sync/src/node/ota-client.ts";
import type { Registry } from "../../cloud-sync/src/node/registry.ts";
import { openRegistry } from "../../cloud-sync/src/node/registry.ts";
import { lineOf } from "../../cloud-sync/src/ota-line.ts";
import { signOffline } from "../../cloud-sync/src/ota-offline.ts";
import type { RepositoryFetch } from "../../cloud-sync/src/ota-repository.ts";
import { httpRepository } from "../../cloud-sync/src/ota-repository.ts";
import { otaPlant } from "../../cloud-sync/src/testing/ota-plant.ts";

const weightsBytes = 1_000_000;
let directory: string;
let registry: Registry;
let url: string;
/** Bytes after which the next answers with a large body are cut; empty: none is. */
const cuts: number[] = [];
const ranges: (string | undefined)[] = [];

const server = createServer(async (request, response) => {
  const path = (request.url ?? "").slice(1);
  const range = request.headers.range;
  const file = await registry.read(path, Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0));
  if (!file) {
    response.writeHead(404).end();
    return;
  }
  const headers = { "content-length": file.bytes - file.fromByte };
  if (file.bytes === weightsBytes) ranges.push(range);
  const partial = {
    ...headers,
    "content-range": `bytes ${file.fromByte}-${file.bytes - 1}/${file.bytes}`,
  };
  response.writeHead(file.fromByte > 0 ? 206 : 200, file.fromByte > 0 ? partial : headers);
  const cut = file.bytes === weightsBytes ? cuts.shift() : undefined;
  let sent = 0;
  for await (const chunk of Readable.from(file.content)) {
    sent += chunk.length;
    response.write(chunk);
    if (cut !== undefined && sent >= cut) {
      await new Promise((resolve) => response.write("", resolve));
      response.destroy();
      return;
    }
  }
  response.end();
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-ota-"));
  const offline = await createKeyFile(join(directory, "offline.key"), "offline");
  const online = await createKeyFile(join(directory, "online.key"), "online");
  registry = await openRegistry({
    directory: join(directory, "registry"),
    key: online,
    clock: systemClock,
  });
  await release(offline, online);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Version 1 of the plant's line, with a megabyte of weights. */
async function release(offline: SigningKey, online: SigningKey): Promise<void> {
  const plant = await otaPlant();
  for (const { sha256 } of bundleBlobs(plant.first.manifest)) {
    await registry.blobs.put(await plant.registry.blobs.get(sha256));
  }
  const weights = Uint8Array.from({ length: weightsBytes }, (_, index) => (index * 31) & 255);
  const { manifest } = plant.first;
  const constraints = { ...manifest.constraints, bundleBytesMax: 4_000_000 };
  const small = await registry.blobs.put(weights);
  const first = { ...manifest, constraints, int8: { ...manifest.int8, small } };
  await registry.importOffline(
    await signOffline({
      key: offline,
      onlineKey: online,
      lines: [lineOf(first, { parents: [], approve: "automatic" })],
      releases: [manifestBytes(first)],
      nowUs: systemClock.nowUs(),
    }),
  );
}

async function gateway(
  name: string,
  wire = (fetchFrom: RepositoryFetch): RepositoryFetch => fetchFrom,
): Promise<Updater> {
  return openUpdater({
    directory: join(directory, name, "updates"),
    fetch: wire(httpRepository({ url, fetch })),
    trustedRoot: registry.root() ?? new Uint8Array(),
    blobs: await openFileBlobStore(join(directory, name, "blobs")),
    clock: systemClock,
    rng: () => 0,
  });
}

test("connections that break three times cost next to nothing", async () => {
  ranges.length = 0;
  cuts.push(300_000, 300_000, 100_000);
  const updater = await gateway("breaks");
  const bundle = await updater.fetchBundle("releases/pumps/1.json");
  expect(ranges).toHaveLength(4);
  expect(ranges[0]).toBeUndefined();
  expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ""))).toBe(true);
  expect(bundle.receivedBytes).toBeLessThan(weightsBytes + 1000);
  expect(await readdir(join(directory, "breaks", "updates", "partial"))).toEqual([]);
});

/** Aborts once so many bytes of an answer were handed on, as a kill in the middle of a download does. */
const killedAfter =
  (bytes: number, controller: AbortController) =>
  (fetchFrom: RepositoryFetch): RepositoryFetch =>
  async (request) => {
    const answer = await fetchFrom(request);
    return answer && { ...answer, content: counted(answer.content) };
    async function* counted(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      let passed = 0;
      for await (const chunk of content) {
        yield chunk;
        passed += chunk.length;
        if (passed >= bytes) controller.abort();
      }
    }
  };

test("a process that comes after goes on with what the first left on disk", async () => {
  const controller = new AbortController();
  const first = await gateway("restarts", killedAfter(300_000, controller));
  const { signal } = controller;
  await expect(first.fetchBundle("releases/pumps/1.json", { signal })).rejects.toThrow();
  ranges.length = 0;
  const second = await gateway("restarts");
  const bundle = await second.fetchBundle("releases/pumps/1.json");
  const [range = ""] = ranges;
  expect(Number(/^bytes=(\d+)-$/.exec(range)?.[1])).toBeGreaterThanOrEqual(300_000);
  expect(bundle.receivedBytes).toBeLessThanOrEqual(weightsBytes - 300_000 + 1000);
});

test("a registry that is opened again publishes the same state, and keys stay in their files", async () => {
  const online = await readKeyFile(join(directory, "online.key"), "online");
  const again = await openRegistry({
    directory: join(directory, "registry"),
    key: online,
    clock: systemClock,
  });
  expect(again.expiries()).toEqual(registry.expiries());
  expect(again.releases("pumps")).toEqual(registry.releases("pumps"));
  const offline = join(directory, "offline.key");
  await expect(readKeyFile(offline, "online")).rejects.toMatchObject({ code: "KEY_ROLE_MISMATCH" });
});

test("a root on disk that was emptied does not stop the next start", async () => {
  const updater = await gateway("damaged");
  await updater.refresh();
  for (const name of await readdir(join(directory, "damaged", "updates"))) {
    if (name.endsWith(".json")) await writeFile(join(directory, "damaged", "updates", name), "");
  }
  const restarted = await gateway("damaged");
  await expect(restarted.refresh()).resolves.toMatchObject({ versions: { root: 1, targets: 1 } });
});
