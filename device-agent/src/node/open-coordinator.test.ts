import type { FetchOptions } from "@edgeloop/cloud-sync/node";
import type { Clock } from "@edgeloop/core/platform";
import { EdgeloopError, parseName, parseSha256, virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { fullRetryIntervalMs } from "../limits.ts";
import { fetchingInstaller } from "./open-coordinator.ts";

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
