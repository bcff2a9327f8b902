import type { CrashFileSystem } from "@edgeloop/core/testing";
import { crashFileSystem } from "@edgeloop/core/testing";
import { beforeEach, expect, test } from "vitest";
import { generateKey } from "../keys.ts";
import { rotateRoot } from "../ota-offline.ts";
import { signTargets } from "../ota-sign.ts";
import type { OtaPlant } from "../testing/ota-plant.ts";
import { otaPlant, plantStartUs } from "../testing/ota-plant.ts";
import type { RegistryShelf, RegistryState } from "./registry-state.ts";
import { loadState, publish, stamp, writeMetadata } from "./registry-state.ts";

let plant: OtaPlant;
let fileSystem: CrashFileSystem;
let shelf: RegistryShelf;
let first: RegistryState;
beforeEach(async () => {
  plant = await otaPlant();
  fileSystem = crashFileSystem();
  shelf = { directory: "/r", key: plant.online, clock: plant.clock, fileSystem };
  const { root, targets } = plant.signed;
  first = await publish(shelf, undefined, { root, changed: new Map([["targets", targets]]) });
});
const damage = async (file: string): Promise<void> => {
  await (await fileSystem.create(`/r/metadata/${file}`)).write(new Uint8Array(50));
};

test("what was published is found again", async () => {
  expect(await loadState(shelf)).toEqual(first);
});

test("an empty directory is an empty registry", async () => {
  expect(await loadState({ ...shelf, directory: "/empty" })).toBeUndefined();
});

test("a damaged timestamp is signed again, ahead of every version that was out", async () => {
  const second = await stamp(shelf, first, first.timestamp.version + 1);
  await damage("timestamp.json");
  const found = await loadState(shelf);
  expect(found?.timestamp.version).toBeGreaterThan(second.timestamp.version);
});

test("a damaged snapshot is signed again over the newest files, with a version that nobody saw", async () => {
  const { root } = first;
  const more = await signTargets({ targets: new Map() }, { version: 5, expiresUs: plantStartUs }, [
    plant.offline,
  ]);
  const second = await publish(shelf, first, { root, changed: new Map([["targets", more]]) });
  await damage("2.snapshot.json");
  const found = await loadState(shelf);
  expect(found?.snapshot.version).toBe(3);
  expect(found?.targets).toEqual(second.targets);
  expect(found?.timestamp.version).toBe(second.timestamp.version + 1);
  expect(await loadState(shelf)).toEqual(found);
});

test("without any whole targets a registry says so instead of publishing nothing", async () => {
  await damage("1.targets.json");
  await expect(loadState(shelf)).rejects.toMatchObject({ code: "REGISTRY_DAMAGED" });
});

test("without any whole root a registry says so", async () => {
  await damage("1.root.json");
  await expect(loadState(shelf)).rejects.toMatchObject({ code: "REGISTRY_DAMAGED" });
});

test("a cut between a new root and its snapshot is completed: the new root's targets are published", async () => {
  const offline = await generateKey();
  const keys = { offline, online: plant.online, retired: plant.offline };
  const root = await rotateRoot(plant.signed.root, keys, plantStartUs);
  const term = { version: 2, expiresUs: plantStartUs };
  const targets = await signTargets({ targets: new Map() }, term, [offline]);
  await writeMetadata(shelf, "2.targets.json", targets);
  expect(await loadState(shelf)).toEqual(first);
  await writeMetadata(shelf, "2.root.json", root);
  const found = await loadState(shelf);
  expect(found?.root).toEqual(root);
  expect(found?.targets.get("targets")).toEqual(targets);
  expect(found?.snapshot.version).toBe(2);
});

test("a snapshot whose timestamp was lost is published now", async () => {
  const { root } = first;
  const before = await fileSystem.read("/r/metadata/timestamp.json");
  await publish(shelf, first, { root, changed: new Map() });
  await (await fileSystem.create("/r/metadata/timestamp.json")).write(before);
  const found = await loadState(shelf);
  expect(found?.snapshot.version).toBe(2);
  expect(found?.timestamp.version).toBeGreaterThan(first.timestamp.version);
});
