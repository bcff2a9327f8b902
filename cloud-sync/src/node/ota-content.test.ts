import { silentLog } from "@edgeloop/core/platform";
import { crashFileSystem, memoryBlobStore } from "@edgeloop/core/testing";
import { beforeEach, expect, test } from "vitest";
import type { OtaPlant } from "../testing/ota-plant.ts";
import { identityOf, otaPlant } from "../testing/ota-plant.ts";
import type { Reading } from "./ota-content.ts";
import { readBundle, readLine } from "./ota-content.ts";
import { refreshMetadata } from "./ota-refresh.ts";
import { findTarget } from "./ota-search.ts";
import { openOtaStore } from "./ota-store.ts";

let plant: OtaPlant;
let reading: Reading;
beforeEach(async () => {
  plant = await otaPlant();
  const store = await openOtaStore("/d", { fileSystem: crashFileSystem(), log: silentLog });
  const ports = { fetch: plant.fetch, store, trustedRoot: plant.signed.root };
  reading = { ports, blobs: memoryBlobStore() };
});
const trusted = () => refreshMetadata(reading.ports, plant.clock.nowUs());
const read = async () =>
  readBundle(reading, await findTarget(reading.ports, await trusted(), "releases/pumps/1.json"));

test("a manifest comes with its identity and its kind, and stays among the blobs", async () => {
  const sha256 = await identityOf(plant.first);
  expect(await read()).toEqual({ manifest: plant.first.manifest, sha256, kind: "release" });
  expect(await reading.blobs.get(sha256)).toEqual(plant.first.bytes);
});

test("what is here is not fetched again, unless the disk damaged it", async () => {
  await read();
  plant.requests.length = 0;
  await read();
  expect(plant.requests.filter((path) => path.startsWith("targets/"))).toEqual([]);
  const damaged = { code: "BLOB_MISMATCH" };
  const blobs = { ...reading.blobs, get: () => Promise.reject(damaged) };
  reading = { ...reading, blobs };
  await read();
  expect(plant.requests.filter((path) => path.startsWith("targets/"))).toHaveLength(1);
});

test("a line is read by its name; one that nobody signed is unknown", async () => {
  expect(await readLine(reading, await trusted(), "pumps")).toEqual(
    await plant.registry.line("pumps"),
  );
  await expect(readLine(reading, await trusted(), "fans")).rejects.toMatchObject({
    code: "LINE_UNKNOWN",
  });
});

test("a repository that lacks what it signed says so", async () => {
  plant.tamper((path, honest) =>
    path.startsWith("targets/") ? Promise.resolve(undefined) : honest(),
  );
  await expect(read()).rejects.toMatchObject({ code: "OTA_METADATA_MISSING" });
});
