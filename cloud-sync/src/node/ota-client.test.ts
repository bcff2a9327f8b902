import type { Manifest } from "@edgeloop/core/bundle";
import { bundleBlobs } from "@edgeloop/core/bundle";
import { parseName, parseSha256, utf8, virtualClock } from "@edgeloop/core/platform";
import { openFileBlobStore } from "@edgeloop/core/platform/node";
import { crashFileSystem, memoryBlobStore } from "@edgeloop/core/testing";
import { beforeEach, expect, test } from "vitest";
import { lineOf } from "../ota-line.ts";
import { signSnapshot, signTargets, signTimestamp, targetsOf } from "../ota-sign.ts";
import type { OtaPlant, PlantBundle } from "../testing/ota-plant.ts";
import { identityOf, otaPlant, plantLine, plantStartUs } from "../testing/ota-plant.ts";
import { openUpdater } from "./ota-client.ts";

const hourUs = 3_600_000_000;
let plant: OtaPlant;
beforeEach(async () => {
  plant = await otaPlant();
});

/** A round on the plant's first release. */
async function round(changes: Partial<Manifest> = {}, weights = "second"): Promise<PlantBundle> {
  return plant.bundle({ version: 2, parent: await identityOf(plant.first), ...changes }, weights);
}

test("a gateway takes the first release, then a round on it; only changed blobs travel", async () => {
  const { updater, blobs } = await plant.gateway();
  const first = await updater.fetchBundle("releases/pumps/1.json");
  expect(first).toMatchObject({ kind: "release", manifest: plant.first.manifest, reusedBlobs: 0 });
  const next = await round();
  const release = await plant.registry.publishRound(next.bytes);
  const second = await updater.fetchBundle(release.target, { versionMin: 1 });
  expect(second).toMatchObject({ kind: "round", sha256: await identityOf(next), fetchedBlobs: 3 });
  expect(second.receivedBytes).toBe(
    ["float second", "int8 second", "outputs of second"].join("").length,
  );
  for (const blob of bundleBlobs(next.manifest)) expect(await blobs.has(blob.sha256)).toBe(true);
  expect(await updater.releases("pumps")).toMatchObject([
    { kind: "release", version: 1, target: "releases/pumps/1.json" },
    { kind: "round", version: 2, target: "rounds/pumps/2.json", manifestSha256: second.sha256 },
  ]);
});

test("a gateway that joins late takes the newest round, and accepts what lies between", async () => {
  let parent = await identityOf(plant.first);
  for (const version of [2, 3, 4]) {
    const next = await plant.bundle({ version, parent }, `weights ${version}`);
    await plant.registry.publishRound(next.bytes);
    parent = await identityOf(next);
  }
  const { updater } = await plant.gateway();
  expect(await updater.fetchManifest("rounds/pumps/4.json")).toMatchObject({ sha256: parent });
});

test("a manifest that is here already is not fetched again", async () => {
  const { updater } = await plant.gateway();
  await updater.fetchBundle("releases/pumps/1.json");
  plant.requests.length = 0;
  await updater.fetchBundle("releases/pumps/1.json");
  expect(plant.requests).toEqual(["metadata/2.root.json", "metadata/timestamp.json"]);
});

test("a blob that the disk damaged is fetched again once its reader was refused", async () => {
  const disk = crashFileSystem();
  const blobs = await openFileBlobStore("/blobs", disk);
  const { updater } = await plant.gateway({ blobs });
  const { manifest } = await updater.fetchBundle("releases/pumps/1.json");
  const { sha256 } = manifest.float.graph;
  const whole = await blobs.get(sha256);
  const file = await disk.create(`/blobs/${sha256}`);
  await file.write(whole.map((byte, index) => (index === 0 ? byte ^ 1 : byte)));
  await file.close();
  await expect(blobs.get(sha256)).rejects.toMatchObject({ code: "BLOB_MISMATCH" });
  expect(await updater.fetchBundle("releases/pumps/1.json")).toMatchObject({ fetchedBlobs: 1 });
  expect(await blobs.get(sha256)).toEqual(whole);
});

test("a downgrade below what serves now is refused", async () => {
  const { updater } = await plant.gateway();
  await expect(
    updater.fetchManifest("releases/pumps/1.json", { versionMin: 2 }),
  ).rejects.toMatchObject({ code: "OTA_ROLLBACK" });
});

test.for(["releases/pumps/9.json", "rounds/pumps/2.json", "lines/pumps.json", "../etc/passwd", ""])(
  "%j is no target",
  async (target) => {
    const { updater } = await plant.gateway();
    await expect(updater.fetchManifest(target)).rejects.toMatchObject({
      code: "OTA_TARGET_UNKNOWN",
    });
  },
);

test("a line that nobody signed has no releases to offer", async () => {
  const { updater } = await plant.gateway();
  expect(await updater.releases("fans")).toEqual([]);
  await expect(updater.fetchManifest("releases/fans/1.json")).rejects.toMatchObject({
    code: "LINE_UNKNOWN",
  });
});

/**
 * What a thief of the online key can do: sign anything as a round, without the registry's own checks.
 *
 * @param target Name under which the manifest is published.
 */
async function stolen(bundle: PlantBundle, target = "rounds/pumps/2.json"): Promise<void> {
  const sha = await identityOf(bundle);
  await plant.registry.blobs.put(bundle.bytes);
  const term = { version: 50, expiresUs: plantStartUs + hourUs };
  const named = async (bytes: Uint8Array, version: number) => ({
    version,
    bytes: bytes.length,
    sha256: await identityOf({ ...bundle, bytes: Uint8Array.from(bytes) }),
  });
  const contents = new Map([[target, { bytes: bundle.bytes.length, sha256: sha }]]);
  const rounds = await signTargets({ targets: contents }, term, [plant.online]);
  const targets = await plant.registry.read("metadata/1.targets.json");
  const targetsBytes = plant.signed.targets;
  expect(targets?.bytes).toBe(targetsBytes.length);
  const meta = new Map([
    ["targets.json", await named(targetsBytes, 1)],
    ["rounds-pumps.json", await named(rounds, 50)],
  ]);
  const snapshot = await signSnapshot(meta, term, [plant.online]);
  const timestamp = await signTimestamp(await named(snapshot, 50), term, [plant.online]);
  const files = new Map([
    ["metadata/50.rounds-pumps.json", rounds],
    ["metadata/50.snapshot.json", snapshot],
    ["metadata/timestamp.json", timestamp],
  ]);
  plant.tamper((path, honest) => {
    const file = files.get(path);
    return file ? Promise.resolve(file) : honest();
  });
}

test("a stolen online key can change weights inside the line", async () => {
  await stolen(await round());
  const { updater } = await plant.gateway();
  expect(await updater.fetchBundle("rounds/pumps/2.json")).toMatchObject({ kind: "round" });
});

test.for<[string, Partial<Manifest>]>([
  ["LINE_MISMATCH", { classes: ["normal", "normal too"] }],
  ["LINE_MISMATCH", { line: parseName("fans") }],
  ["LINE_MISMATCH", { version: 7 }],
  ["LINE_MISMATCH", { constraints: { bundleBytesMax: 1e9, latencyP99MsMax: 1e9 } }],
  ["PARENT_UNKNOWN", { parent: null }],
  ["PARENT_UNKNOWN", { parent: parseSha256("c".repeat(64)) }],
])("and nothing else: %s for %j", async ([code, changes]) => {
  const { updater, fileSystem } = await plant.gateway();
  await updater.fetchBundle("releases/pumps/1.json");
  const before = await fileSystem.read("/gateway/memory.json");
  await stolen(await round(changes));
  await expect(updater.fetchBundle("rounds/pumps/2.json")).rejects.toMatchObject({ code });
  expect(await fileSystem.read("/gateway/memory.json")).toEqual(before);
});

test("other graphs, and a bundle that outgrows its line, are outside it", async () => {
  const graph = await plant.registry.blobs.put(utf8("another graph"));
  await stolen(await round({ int8: { graph, tensors: {} } }));
  const { updater } = await plant.gateway();
  await expect(updater.fetchBundle("rounds/pumps/2.json")).rejects.toMatchObject({
    code: "LINE_MISMATCH",
  });
  const small = { sha256: parseSha256("d".repeat(64)), bytes: 262_144 };
  const { manifest } = plant.first;
  const large = await round({ int8: { ...manifest.int8, small } });
  const again = await otaPlant();
  await expect(again.registry.publishRound(large.bytes)).rejects.toMatchObject({
    code: "BUNDLE_TOO_LARGE",
  });
});

test("a stolen online key cannot sign a release", async () => {
  await stolen(await round({ parent: null }), "releases/pumps/2.json");
  const { updater } = await plant.gateway();
  await expect(updater.fetchBundle("releases/pumps/2.json")).rejects.toMatchObject({
    code: "OTA_TARGET_UNKNOWN",
  });
});

test("a line that asks for an operator installs no round by itself", async () => {
  plant = await otaPlant({ approve: "operator" });
  await stolen(await round());
  const { updater } = await plant.gateway();
  await expect(updater.fetchBundle("rounds/pumps/2.json")).rejects.toMatchObject({
    code: "LINE_APPROVAL_REQUIRED",
  });
  plant.tamper(undefined);
  const second = await round();
  const { first, signed } = plant;
  expect(targetsOf(signed.targets).size).toBe(2);
  await plant.release(
    [lineOf(first.manifest, { parents: [], approve: "operator" })],
    [second.bytes],
  );
  const fresh = await plant.gateway();
  expect(await fresh.updater.fetchBundle("releases/pumps/2.json")).toMatchObject({
    kind: "release",
  });
});

test("a manifest or a blob that was changed on the way is refused, and the honest one taken later", async () => {
  const { updater, blobs } = await plant.gateway();
  for (const [part, code] of [
    ["targets/lines", "BUNDLE_TAMPERED"],
    ["targets/releases", "BUNDLE_TAMPERED"],
    ["blobs/", "BUNDLE_TAMPERED"],
  ] as const) {
    plant.tamper(async (path, honest) => {
      const bytes = await honest();
      if (!path.startsWith(part) || !bytes) return bytes;
      return Uint8Array.from(bytes, (byte, index) => (index === 3 ? byte ^ 1 : byte));
    });
    await expect(updater.fetchBundle("releases/pumps/1.json")).rejects.toMatchObject({ code });
  }
  plant.tamper(undefined);
  await updater.fetchBundle("releases/pumps/1.json");
  expect(await blobs.list()).toContain(await identityOf(plant.first));
});

test("an answer that does not end is cut: metadata, manifest and blob", async () => {
  for (const [part, code] of [
    ["metadata/timestamp.json", "OTA_TOO_LARGE"],
    ["metadata/1.snapshot.json", "OTA_TOO_LARGE"],
    ["metadata/1.targets.json", "OTA_TOO_LARGE"],
    ["metadata/2.root.json", "OTA_TOO_LARGE"],
    ["targets/releases", "OTA_TOO_LARGE"],
    ["blobs/", "BUNDLE_TAMPERED"],
  ] as const) {
    const { updater } = await plant.gateway();
    plant.tamper((path, honest) =>
      path.startsWith(part) ? Promise.resolve(new Uint8Array(600_000)) : honest(),
    );
    await expect(updater.fetchBundle("releases/pumps/1.json")).rejects.toMatchObject({ code });
  }
});

test("at 1970 fresh metadata is not called expired, before and after time was ever known", async () => {
  const { updater } = await plant.gateway({ clock: virtualClock(0) });
  expect(await updater.refresh()).toMatchObject({ clock: "plausible" });
  const known = await plant.gateway();
  await known.updater.refresh();
  const restarted = await plant.gateway({ fileSystem: known.fileSystem, clock: virtualClock(0) });
  expect(await restarted.updater.refresh()).toMatchObject({ clock: "behind" });
});

test("a clock that jumps back does not make expired metadata fresh", async () => {
  const gateway = await plant.gateway();
  await gateway.updater.refresh();
  await plant.clock.advance(20 * 3_600_000);
  await plant.registry.refresh();
  await gateway.updater.refresh();
  const stale = await otaPlant();
  expect(stale.registry.expiries().get("timestamp")).toBe(plantStartUs + 24 * hourUs);
  await plant.clock.advance(20 * 3_600_000);
  await plant.registry.refresh();
  await gateway.updater.refresh();
  // From here on the mirror is frozen; the clock shows a time at which its files were fresh, and is not believed.
  await plant.clock.advance(30 * 3_600_000);
  const later = virtualClock(plantStartUs + 71 * hourUs);
  const frozen = await plant.gateway({ fileSystem: gateway.fileSystem, clock: later });
  await expect(frozen.updater.refresh()).rejects.toMatchObject({ code: "OTA_EXPIRED" });
});

test("a clock that once ran ahead does not lock the gateway out", async () => {
  const { fileSystem, blobs } = await plant.gateway();
  const ahead = await plant.gateway({ fileSystem, blobs, clock: virtualClock(plantStartUs * 2) });
  await expect(ahead.updater.refresh()).rejects.toMatchObject({ code: "OTA_EXPIRED" });
  const right = await plant.gateway({ fileSystem, blobs });
  await expect(right.updater.refresh()).resolves.toMatchObject({ clock: "plausible" });
});

test("calls take turns", async () => {
  const { updater } = await plant.gateway();
  const all = await Promise.all([
    updater.refresh(),
    updater.fetchBundle("releases/pumps/1.json"),
    updater.fetchBundle("releases/pumps/1.json"),
    updater.releases(plantLine),
  ]);
  expect(all[2]).toMatchObject({ receivedBytes: 0, fetchedBlobs: 0 });
});

test("a single blob is fetched by name, once", async () => {
  const { updater } = await plant.gateway();
  const { profile } = plant.first.manifest;
  expect(await updater.fetchBlob(profile)).toBe(profile.bytes);
  expect(await updater.fetchBlob(profile)).toBe(0);
});

test("a factory root that is none is refused at once", async () => {
  const open = openUpdater({
    directory: "/gateway",
    fetch: plant.fetch,
    trustedRoot: utf8("{}"),
    blobs: memoryBlobStore(),
    clock: plant.clock,
    rng: () => 0,
    fileSystem: (await plant.gateway()).fileSystem,
  });
  await expect(open).rejects.toMatchObject({ code: "OTA_METADATA_INVALID" });
});
