import { utf8, virtualClock } from "@edgeloop/core/platform";
import type { CrashFileSystem } from "@edgeloop/core/testing";
import { crashFileSystem, survivals } from "@edgeloop/core/testing";
import { beforeEach, expect, test } from "vitest";
import { generateKey } from "../keys.ts";
import { lineOf } from "../ota-line.ts";
import { rotateRoot, signOffline } from "../ota-offline.ts";
import type { OtaPlant, PlantBundle } from "../testing/ota-plant.ts";
import { identityOf, otaPlant, plantStartUs } from "../testing/ota-plant.ts";
import type { Registry } from "./registry.ts";
import { openRegistry } from "./registry.ts";

const dayMs = 24 * 3_600_000;
let plant: OtaPlant;
beforeEach(async () => {
  plant = await otaPlant();
});
const round = async (version: number, parent: PlantBundle = plant.first): Promise<PlantBundle> =>
  plant.bundle({ version, parent: await identityOf(parent) }, `weights ${version}`);

test("a line and its versions are on offer once they are published", async () => {
  const { registry } = plant;
  const second = await round(2);
  const third = await round(3, second);
  await registry.publishRound(second.bytes);
  await registry.publishRound(third.bytes);
  expect(registry.releases("pumps").map(({ target }) => target)).toEqual([
    "releases/pumps/1.json",
    "rounds/pumps/2.json",
    "rounds/pumps/3.json",
  ]);
  expect(registry.releases("fans")).toEqual([]);
  expect(await registry.line("pumps")).toMatchObject({ approve: "automatic" });
  await expect(registry.line("fans")).rejects.toMatchObject({ code: "LINE_UNKNOWN" });
  expect(registry.root()).toEqual(plant.signed.root);
});

test("publishing the same bundle twice changes nothing; a version is never given away again", async () => {
  const { registry } = plant;
  const second = await round(2);
  const release = await registry.publishRound(second.bytes);
  const before = registry.expiries();
  expect(await registry.publishRound(second.bytes)).toEqual(release);
  expect(registry.expiries()).toEqual(before);
  const other = await plant.bundle(
    { version: 2, parent: await identityOf(plant.first) },
    "other weights",
  );
  await expect(registry.publishRound(other.bytes)).rejects.toMatchObject({
    code: "RELEASE_EXISTS",
  });
});

test("a round outside its line, without a parent or without its blobs is not signed", async () => {
  const parent = await identityOf(plant.first);
  const publish = async (bundle: PlantBundle) => plant.registry.publishRound(bundle.bytes);
  await expect(
    publish(await plant.bundle({ version: 2, parent, classes: ["other"] })),
  ).rejects.toMatchObject({ code: "LINE_MISMATCH" });
  await expect(publish(await plant.bundle({ version: 2 }))).rejects.toMatchObject({
    code: "PARENT_UNKNOWN",
  });
  const second = await round(2);
  await plant.registry.blobs.remove(second.manifest.golden.expected.sha256);
  await expect(publish(second)).rejects.toMatchObject({ code: "BLOB_MISSING" });
  expect(plant.registry.releases("pumps")).toHaveLength(1);
});

test("a package by another key, an older one, one without its files or its blobs is refused", async () => {
  const { registry, offline, online, signed, first } = plant;
  const stranger = await generateKey();
  const line = lineOf(first.manifest, { parents: [], approve: "automatic" });
  const request = { key: offline, onlineKey: online, previous: signed, nowUs: plantStartUs };
  const forged = await signOffline({ ...request, key: stranger, lines: [line] });
  await expect(registry.importOffline(forged)).rejects.toMatchObject({
    code: "OTA_SIGNATURE_INVALID",
  });
  const next = await signOffline({ ...request, lines: [{ ...line, approve: "operator" }] });
  await registry.importOffline(next);
  await expect(registry.importOffline(signed)).rejects.toMatchObject({ code: "OTA_ROLLBACK" });
  const third = await plant.bundle({ version: 3 }, "third");
  const more = await signOffline({ ...request, previous: next, releases: [third.bytes] });
  await registry.blobs.remove(await identityOf(third));
  await expect(registry.importOffline({ ...more, files: new Map() })).rejects.toMatchObject({
    code: "BLOB_MISSING",
  });
  const swapped = new Map([["releases/pumps/3.json", utf8("{}")]]);
  await expect(registry.importOffline({ ...more, files: swapped })).rejects.toMatchObject({
    code: "OTA_MISMATCH",
  });
  await registry.blobs.remove(third.manifest.golden.expected.sha256);
  await expect(registry.importOffline(more)).rejects.toMatchObject({ code: "BLOB_MISSING" });
  expect((await registry.line("pumps")).approve).toBe("operator");
});

test("importing the same package again changes nothing", async () => {
  const before = plant.registry.expiries();
  await plant.clock.advance(1000);
  await plant.registry.importOffline(plant.signed);
  expect(plant.registry.expiries()).toEqual(before);
});

test("signatures are renewed at half of their life, so that gateways never see an expired one", async () => {
  const second = await round(2);
  await plant.registry.publishRound(second.bytes);
  const { updater } = await plant.gateway();
  for (let day = 0; day < 60; day += 0.5) {
    await plant.clock.advance(dayMs / 2 + 1);
    await plant.registry.refresh();
    for (const [role, expiresUs] of plant.registry.expiries()) {
      expect(expiresUs, role).toBeGreaterThan(plant.clock.nowUs() + (dayMs / 2 - 10) * 1000);
    }
  }
  await expect(updater.fetchBundle("rounds/pumps/2.json")).resolves.toMatchObject({
    kind: "round",
  });
});

test("a fresh registry is not signed again", async () => {
  const before = plant.registry.expiries();
  await plant.clock.advance(1000);
  await plant.registry.refresh();
  expect(plant.registry.expiries()).toEqual(before);
});

test("keys are rotated by a root that the old key signed, and gateways follow", async () => {
  const { updater, fileSystem } = await plant.gateway();
  await updater.refresh();
  const offline = await generateKey();
  const root = await rotateRoot(
    plant.signed.root,
    { offline, online: plant.online, retired: plant.offline },
    plantStartUs,
  );
  const signed = await signOffline({
    key: offline,
    onlineKey: plant.online,
    previous: { root, targets: plant.signed.targets },
    nowUs: plantStartUs,
  });
  await plant.registry.importOffline(signed);
  expect(await updater.refresh()).toMatchObject({ versions: { root: 2, targets: 2 } });
  const restarted = await plant.gateway({ fileSystem });
  expect(await restarted.updater.refresh()).toMatchObject({ versions: { root: 2 } });
});

test("an online key that the root does not name is refused, before clients would refuse it", async () => {
  const registry = await openRegistry({
    directory: "/other",
    key: await generateKey(),
    clock: virtualClock(plantStartUs),
    fileSystem: crashFileSystem(),
  });
  await expect(registry.importOffline(plant.signed)).rejects.toMatchObject({
    code: "KEY_ROLE_MISMATCH",
  });
});

// Every changing call of the file system in turn is the last one; every mixture of what a disk may keep follows.
test("a power cut anywhere in publishing leaves the old state or the new one, and it can be repeated", async () => {
  const second = await round(2);
  const build = async (fileSystem: CrashFileSystem): Promise<Registry> => {
    const registry = await reopen(fileSystem);
    for (const name of await plant.registry.blobs.list()) {
      await registry.blobs.put(await plant.registry.blobs.get(name));
    }
    await registry.importOffline(plant.signed);
    return registry;
  };
  const reopen = (fileSystem: CrashFileSystem): Promise<Registry> =>
    openRegistry({ directory: "/r", key: plant.online, clock: plant.clock, fileSystem });
  const whole = crashFileSystem();
  const probe = await build(whole);
  const from = whole.steps;
  await probe.publishRound(second.bytes);
  const steps = whole.steps - from;
  for (let step = 0; step < steps; step += 1) {
    const fileSystem = crashFileSystem();
    const registry = await build(fileSystem);
    fileSystem.cutAfter(step);
    await expect(registry.publishRound(second.bytes)).rejects.toThrow();
    for (const survival of survivals) {
      const restarted = await reopen(fileSystem.restart(survival));
      expect([1, 2]).toContain(restarted.releases("pumps").length);
      await restarted.publishRound(second.bytes);
      plant.tamper(async (path) => bytesOf(await restarted.read(path)));
      const { updater } = await plant.gateway();
      await expect(updater.fetchBundle("rounds/pumps/2.json")).resolves.toMatchObject({
        kind: "round",
      });
    }
  }
}, 120_000);

async function bytesOf(
  file: Awaited<ReturnType<Registry["read"]>>,
): Promise<Uint8Array | undefined> {
  if (!file) return undefined;
  const bytes: number[] = [];
  for await (const chunk of file.content) bytes.push(...chunk);
  return Uint8Array.from(bytes);
}
