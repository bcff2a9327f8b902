import { EdgeloopError, virtualClock } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { guardDisk } from "./disk-guard.ts";
import { fullRetryIntervalMs } from "./limits.ts";

function setUp() {
  const clock = virtualClock();
  const changes: boolean[] = [];
  const disk = { code: "", attempts: 0 };
  const commit = (): Promise<readonly number[]> => {
    disk.attempts += 1;
    return disk.code === ""
      ? Promise.resolve([1])
      : Promise.reject(new EdgeloopError(disk.code, "told to fail"));
  };
  const guard = guardDisk({ commit }, { clock, onChange: (full) => changes.push(full) });
  return { clock, changes, disk, guard };
}

test("a full disk is reported once, and once more when there is room", async () => {
  const { clock, changes, disk, guard } = setUp();
  expect(await guard.commit([])).toBe("stored");
  disk.code = "STORE_FULL";
  expect(await guard.commit([])).toBe("full");
  await clock.advance(fullRetryIntervalMs);
  expect(await guard.commit([])).toBe("full");
  disk.code = "";
  await clock.advance(fullRetryIntervalMs);
  expect(await guard.commit([])).toBe("stored");
  expect(changes).toEqual([true, false]);
});

test("while the disk is full it is left alone between attempts", async () => {
  const { disk, guard } = setUp();
  disk.code = "STORE_FULL";
  for (let turn = 0; turn < 100; turn += 1) expect(await guard.commit([])).toBe("full");
  expect(disk.attempts).toBe(1);
  expect(guard.isFull()).toBe(true);
});

test("any other failure is the caller's", async () => {
  const { disk, guard } = setUp();
  disk.code = "STORE_CONSTRAINT";
  await expect(guard.commit([])).rejects.toMatchObject({ code: "STORE_CONSTRAINT" });
  expect(guard.isFull()).toBe(false);
});

test("a store that is gone for good is reported as that", async () => {
  const failures: unknown[] = [];
  const failure = new EdgeloopError("STORE_FAILED", "the thread died");
  const guard = guardDisk(
    { commit: () => Promise.reject(failure) },
    { clock: virtualClock(), onChange: () => undefined, onFailed: (error) => failures.push(error) },
  );
  await expect(guard.commit([])).rejects.toBe(failure);
  expect(failures).toEqual([failure]);
});

test("a full disk met elsewhere counts", () => {
  const { changes, guard } = setUp();
  guard.noticeFull();
  expect([guard.isFull(), changes]).toEqual([true, [true]]);
});
