import { silentLog } from "@edgeloop/core/platform";
import type { CrashFileSystem } from "@edgeloop/core/testing";
import { crashFileSystem, survivals } from "@edgeloop/core/testing";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { generateKey } from "../keys.ts";
import { rotateRoot } from "../ota-offline.ts";
import type { OtaPlant } from "../testing/ota-plant.ts";
import { otaPlant } from "../testing/ota-plant.ts";
import type { RefreshPorts } from "./ota-refresh.ts";
import { refreshMetadata } from "./ota-refresh.ts";
import { openOtaStore } from "./ota-store.ts";

const files = ["root", "timestamp", "snapshot", "targets"].map((role) => `/d/${role}.json`);
let plant: OtaPlant;
beforeEach(async () => {
  plant = await otaPlant();
});
const ports = async (fileSystem: CrashFileSystem): Promise<RefreshPorts> => ({
  fetch: plant.fetch,
  store: await openOtaStore("/d", { fileSystem, log: silentLog }),
  trustedRoot: plant.signed.root,
});
const refresh = async (fileSystem: CrashFileSystem) =>
  refreshMetadata(await ports(fileSystem), plant.clock.nowUs());

test("an update that finds nothing new asks for the next root and the timestamp alone", async () => {
  const fileSystem = crashFileSystem();
  await refresh(fileSystem);
  plant.requests.length = 0;
  const steps = fileSystem.steps;
  await refresh(fileSystem);
  expect(plant.requests).toEqual(["metadata/2.root.json", "metadata/timestamp.json"]);
  expect(fileSystem.steps).toBe(steps);
});

test("a power cut at any write leaves files from which the next update succeeds", async () => {
  const probe = crashFileSystem();
  await refresh(probe);
  for (let step = 0; step < probe.steps; step += 1) {
    const fileSystem = crashFileSystem();
    fileSystem.cutAfter(step);
    await expect(refresh(fileSystem)).rejects.toThrow();
    for (const survival of survivals) {
      const trusted = await refresh(fileSystem.restart(survival));
      expect(trusted.targets.get("targets")?.signed.version).toBe(1);
    }
  }
});

test("any file truncated, zeroed or with a flipped bit is fetched again", async () => {
  const whole = crashFileSystem();
  await refresh(whole);
  const damages = fc.oneof(
    fc.record({ kind: fc.constant("cut"), at: fc.nat({ max: 5000 }) }),
    fc.record({ kind: fc.constant("zero"), at: fc.nat({ max: 5000 }) }),
    fc.record({ kind: fc.constant("flip"), at: fc.nat({ max: 5000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), damages, async (file, { kind, at }) => {
      const fileSystem = whole.restart({ content: "kept", names: "kept" });
      if (await fileSystem.exists(file)) {
        const bytes = Uint8Array.from(await fileSystem.read(file));
        const damaged = bytes.slice(0, kind === "cut" ? at % bytes.length : bytes.length);
        if (kind === "zero") damaged.fill(0, at % bytes.length);
        if (kind === "flip") damaged.set([(bytes[at % bytes.length] ?? 0) ^ 4], at % bytes.length);
        await (await fileSystem.create(file)).write(damaged);
      }
      const trusted = await refresh(fileSystem);
      expect(trusted.snapshot?.signed.version).toBe(1);
    }),
    { numRuns: 200 },
  );
});

test("a root is climbed to step by step, and what the retired online key signed is forgotten", async () => {
  const fileSystem = crashFileSystem();
  await refresh(fileSystem);

  const online = await generateKey();
  const keys = { offline: plant.offline, online, retired: plant.offline };
  const root = await rotateRoot(plant.signed.root, keys, plant.clock.nowUs());
  plant.tamper((path, honest) =>
    path === "metadata/2.root.json" ? Promise.resolve(root) : honest(),
  );
  await expect(refresh(fileSystem)).rejects.toMatchObject({ code: "OTA_SIGNATURE_INVALID" });
  expect(await fileSystem.read("/d/root.json")).toEqual(root);
  for (const role of ["timestamp", "snapshot"]) {
    expect(await fileSystem.exists(`/d/${role}.json`)).toBe(false);
  }
});

test("a repository with endless roots is given up", async () => {
  const { offline, online } = plant;
  let newest: Uint8Array = plant.signed.root;
  plant.tamper(async (path, honest) => {
    if (!path.endsWith(".root.json")) return honest();
    newest = await rotateRoot(newest, { offline, online, retired: offline }, plant.clock.nowUs());
    return newest;
  });
  await expect(refresh(crashFileSystem())).rejects.toMatchObject({
    code: "OTA_ROTATIONS_EXCEEDED",
  });
});
