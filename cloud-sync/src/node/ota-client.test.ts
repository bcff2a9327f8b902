import { bundleBlobs } from "@edgeloop/core/bundle";
import { expect, test } from "vitest";
import { identityOf, otaPlant, plantLine } from "../testing/ota-plant.ts";

test("a gateway takes the first release, then a round on it; only changed blobs travel", async () => {
  const plant = await otaPlant();
  const { updater, blobs } = await plant.gateway();
  const first = await updater.fetchBundle("releases/pumps/1.json");
  expect(first).toMatchObject({ kind: "release", manifest: plant.first.manifest, reusedBlobs: 0 });
  const next = await plant.bundle({ version: 2, parent: first.sha256 }, "second weights");
  const release = await plant.registry.publishRound(next.bytes);
  expect(release).toMatchObject({ line: plantLine, version: 2, target: "rounds/pumps/2.json" });
  const second = await updater.fetchBundle(release.target, { versionMin: 1 });
  expect(second).toMatchObject({ kind: "round", sha256: await identityOf(next), fetchedBlobs: 3 });
  expect(second.receivedBytes).toBe(
    ["float second weights", "int8 second weights", "outputs of second weights"].join("").length,
  );
  for (const blob of bundleBlobs(next.manifest)) expect(await blobs.has(blob.sha256)).toBe(true);
  expect(await updater.releases("pumps")).toMatchObject([{ version: 1 }, { version: 2 }]);
});
