import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@edgeloop/core/platform/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { otaPlant } from "../testing/ota-plant.ts";
import { openRegistry } from "./registry.ts";
import {
  importReleasePackage,
  readReleasePackage,
  releaseBlobs,
  writeReleasePackage,
} from "./release-package.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeloop-release-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a package survives the disk, and a registry publishes it with its blobs", async () => {
  const plant = await otaPlant();
  const blobs = await releaseBlobs(folder);
  for (const sha256 of await plant.registry.blobs.list()) {
    await blobs.put(await plant.registry.blobs.get(sha256));
  }
  await writeReleasePackage(folder, plant.signed);
  expect(await readReleasePackage(folder)).toEqual(plant.signed);
  const registry = await openRegistry({
    directory: join(folder, "registry"),
    key: plant.online,
    clock: { ...systemClock, nowUs: () => plant.clock.nowUs() },
  });
  const targets = await importReleasePackage(folder, registry);
  expect(targets.toSorted()).toEqual([...plant.signed.files.keys()].toSorted());
  expect(registry.releases("pumps")).toHaveLength(1);
  // Importing again changes nothing.
  await importReleasePackage(folder, registry);
  expect(registry.releases("pumps")).toHaveLength(1);
});

test("a folder that is no package is refused with what is missing", async () => {
  await expect(readReleasePackage(folder)).rejects.toMatchObject({
    code: "RELEASE_PACKAGE_INVALID",
    message: expect.stringContaining("edgeloop release"),
  });
});
