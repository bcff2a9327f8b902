import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { armAccidents, survived } from "./accidents.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const blobPath = `/v1/blobs/${"0".repeat(64)}`;

function fleet(gone: readonly string[] = []) {
  const log: string[] = [];
  const daemonOf = (name: string) => ({
    kill: (how: string) => Promise.resolve(void log.push(`${name} ${how}`)),
    start: () =>
      gone.includes(name)
        ? Promise.reject(new Error(`${name} is gone`))
        : Promise.resolve(void log.push(`${name} back`)),
  });
  const member = (name: string) => ({
    name,
    daemon: daemonOf(name),
    slowDownload: undefined as number | undefined,
  });
  const [trainee, downloader] = [member("pump-1"), member("pump-2")];
  const over = new AbortController();
  const accidents = armAccidents({
    trainee,
    downloader,
    coordinator: daemonOf("coordinator"),
    signal: over.signal,
    onChange: ({ what }, how) => log.push(`${how}: ${what}`),
    onFailure: (error) => log.push(`failed: ${error}`),
  });
  const notice = (kind: string, stream = "round/r1/1") =>
    accidents.onNotice({ stream, kind, details: {} });
  return { accidents, downloader, log, notice, over };
}

test("the coordinator is killed once, when it first aggregates, and comes back after a while", async () => {
  const { accidents, log, notice } = fleet();
  notice("aggregating", "campaign/c1");
  expect(log).toEqual([]);
  notice("aggregating");
  notice("aggregating");
  await vi.advanceTimersByTimeAsync(799);
  const killed = ["coordinator SIGKILL", "killed: coordinator killed while aggregating"];
  expect(log).toEqual(killed);
  expect(survived(accidents.list)).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(log.slice(2)).toEqual(["coordinator back", "back: coordinator killed while aggregating"]);
  expect(survived(accidents.list)).toBe(1);
  notice("aggregating", "round/r2/1");
  await vi.runAllTimersAsync();
  expect(log).toHaveLength(4);
});

test("the trainee is killed only while its round trains and it is at work itself", async () => {
  const { accidents, log, notice } = fleet();
  accidents.onTraining(["pump-1"]);
  notice("training");
  accidents.onTraining(["pump-2", "pump-3"]);
  expect(log).toEqual([]);
  notice("calibrating");
  accidents.onTraining(["pump-1"]);
  expect(log).toEqual([]);
  notice("training");
  accidents.onTraining(["pump-2", "pump-1"]);
  accidents.onTraining(["pump-1"]);
  await vi.runAllTimersAsync();
  expect(log).toEqual([
    "pump-1 SIGKILL",
    "killed: pump-1 killed while training",
    "pump-1 back",
    "back: pump-1 killed while training",
  ]);
});

test("a download of a blob is cut in the middle once it is armed, and goes on at full speed", async () => {
  const { accidents, downloader, log } = fleet();
  const part = { sentBytes: 3000, totalBytes: 3001 };
  accidents.onPiece("pump-2", blobPath, part);
  accidents.armDownload();
  expect(downloader.slowDownload).toBeGreaterThan(0);
  accidents.onPiece("pump-1", blobPath, part);
  accidents.onPiece("pump-2", "/v1/work", part);
  accidents.onPiece("pump-2", "/v1/rounds/r1/plan", part);
  accidents.onPiece("pump-2", blobPath, { sentBytes: 2999, totalBytes: 9000 });
  accidents.onPiece("pump-2", blobPath, { sentBytes: 3001, totalBytes: 3001 });
  await vi.runAllTimersAsync();
  expect(log).toEqual([]);
  accidents.onPiece("pump-2", blobPath, part);
  accidents.onPiece("pump-2", blobPath, part);
  expect(downloader.slowDownload).toBeUndefined();
  await vi.runAllTimersAsync();
  accidents.onPiece("pump-2", blobPath, part);
  await vi.runAllTimersAsync();
  expect(log).toEqual([
    "pump-2 SIGKILL",
    "killed: pump-2 killed during a download",
    "pump-2 back",
    "back: pump-2 killed during a download",
  ]);
});

test("a blob of a release counts as one of a plan", async () => {
  const { accidents, log } = fleet();
  accidents.armDownload();
  const path = `/v1/repository${blobPath.slice(3)}`;
  accidents.onPiece("pump-2", path, { sentBytes: 4000, totalBytes: 9000 });
  await vi.runAllTimersAsync();
  expect(log[0]).toBe("pump-2 SIGKILL");
});

test("a process that does not come back is told, unless the demo is over", async () => {
  const { accidents, log, notice, over } = fleet(["coordinator", "pump-1"]);
  notice("aggregating");
  await vi.runAllTimersAsync();
  expect(log.at(-1)).toBe("failed: Error: coordinator is gone");
  expect(survived(accidents.list)).toBe(0);
  notice("training");
  accidents.onTraining(["pump-1"]);
  over.abort();
  await vi.runAllTimersAsync();
  expect(log.at(-1)).toBe("killed: pump-1 killed while training");
});

test("an accident is survived when its process was killed and came back", () => {
  const what = "an accident";
  expect(
    survived([
      { what, killedMs: undefined, backMs: undefined },
      { what, killedMs: 1, backMs: undefined },
      { what, killedMs: 1, backMs: 2 },
    ]),
  ).toBe(1);
});
