import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FetchOptions } from "@edgeloop/cloud-sync/node";
import { roundPlant } from "@edgeloop/cloud-sync/testing";
import type { Clock } from "@edgeloop/core/platform";
import {
  EdgeloopError,
  parseName,
  parseSha256,
  silentLog,
  virtualClock,
} from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { fullRetryIntervalMs } from "../limits.ts";
import { fetchingInstaller, openCoordinator } from "./open-coordinator.ts";

const [one, other] = [parseSha256("1".repeat(64)), parseSha256("2".repeat(64))];
const release = {
  line: parseName("pumps"),
  target: "rounds/pumps/2.json",
  manifestSha256: one,
};
const signal = new AbortController().signal;

function setUp(fetched: (target: string, how: FetchOptions) => Promise<unknown>, serving?: number) {
  const installed: string[] = [];
  const slept: number[] = [];
  const clock: Clock = {
    ...virtualClock(),
    sleep: (durationMs) => {
      slept.push(durationMs);
      return Promise.resolve();
    },
  };
  const disk = { full: false };
  const installer = fetchingInstaller(
    {
      installer: {
        install: ({ target }) => {
          if (disk.full) return Promise.reject(new EdgeloopError("STORE_FULL", "told to be full"));
          installed.push(target);
          return Promise.resolve({ kind: "active" });
        },
      },
      servingVersion: () => serving,
      clock,
    },
    { fetchBundle: fetched as never },
  );
  return { disk, installed, install: () => installer.install(release, signal), slept };
}

test("a release is fetched and verified before it is installed", async () => {
  const { install, installed } = setUp(() => Promise.resolve({ sha256: one }));
  expect(await install()).toEqual({ kind: "active" });
  expect(installed).toEqual([release.target]);
});

test.for(["BUNDLE_TAMPERED", "OTA_ROLLBACK", "LINE_MISMATCH", "BLOB_MISSING"])(
  "what updates refuse with %s is never installed",
  async (code) => {
    const { install, installed } = setUp(() => Promise.reject(new EdgeloopError(code, "no")));
    expect(await install()).toEqual({ kind: "refused", code, message: "no" });
    expect(installed).toEqual([]);
  },
);

test("a target that is another bundle than the rollout names is refused", async () => {
  const { install, installed } = setUp(() => Promise.resolve({ sha256: other }));
  expect(await install()).toMatchObject({ kind: "refused", code: "BUNDLE_MISMATCH" });
  expect(installed).toEqual([]);
});

test.for([
  [undefined, 1],
  [3, 3],
] as const)(
  "while version %s serves, updates are asked for version %s or later",
  async ([serving, versionMin]) => {
    const asked: unknown[] = [];
    const { install } = setUp((_target, how) => {
      asked.push(how.versionMin);
      return Promise.resolve({ sha256: one });
    }, serving);
    await install();
    expect(asked).toEqual([versionMin]);
  },
);

test("a repository that does not answer is no refusal: the work is done again later", async () => {
  const unreachable = new EdgeloopError("OTA_UNREACHABLE", "cut");
  const { install, installed } = setUp(() => Promise.reject(unreachable));
  await expect(install()).rejects.toBe(unreachable);
  expect(installed).toEqual([]);
});

test("a full disk is no refusal of the release either, and is not filled again at once", async () => {
  const full = setUp(() => Promise.reject(new EdgeloopError("BLOB_FULL", "no space")));
  const later = setUp(() => Promise.resolve({ sha256: one }));
  later.disk.full = true;
  for (const { install, installed, slept } of [full, later]) {
    await expect(install()).rejects.toMatchObject({ code: expect.stringMatching(/_FULL$/) });
    expect([installed, slept]).toEqual([[], [fullRetryIntervalMs]]);
  }
});

test("a disk that is full when the link opens delays the link, and what was to be reported is not lost", async () => {
  const directory = mkdtempSync(join(tmpdir(), "link-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const running = await (await roundPlant(join(directory, "coordinator"))).start({});
  onTestFinished(() => running.stop());
  const tokenFile = join(directory, "token");
  const { token } = (await running.admin("POST", "/v1/admin/tokens", { lifetimeS: 60 })) as {
    readonly token: string;
  };
  writeFileSync(tokenFile, token);

  const store = memoryStore();
  const [stop, reported] = [new AbortController(), Promise.withResolvers<void>()];
  let attempts = 0;
  const link = openCoordinator({
    id: "pump-1",
    fleet: "plant",
    coordinator: { ...running.addresses, tokenFile },
    directory,
    store: {
      ...store,
      async commit(statements) {
        attempts += 1;
        if (attempts <= 2) throw new EdgeloopError("STORE_FULL", "told to be full");
        const counts = await store.commit(statements);
        if (statements.some(({ sql }) => sql.includes("INSERT INTO sync_event")))
          reported.resolve();
        return counts;
      },
    },
    blobs: memoryBlobStore(),
    participant: {} as never,
    installer: {} as never,
    servingVersion: () => undefined,
    // Pauses are the link keeper's matter, not this test's.
    clock: { ...systemClock, sleep: (_durationMs, until) => systemClock.sleep(1, until) },
    log: silentLog,
  });
  await link.report({ code: "DRIFT_DETECTED", sensorUs: 1 });
  const ran = link.run(stop.signal);
  await reported.promise;
  expect(attempts).toBeGreaterThan(2);
  stop.abort();
  await ran;
});
