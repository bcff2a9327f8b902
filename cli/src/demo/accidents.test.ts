import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { armAccidents, survived } from "./accidents.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const blobPath = `/v1/blobs/${"0".repeat(64)}`;

function fleet() {
  const log: string[] = [];
  const daemonOf = (name: string) => ({
    kill: (how: string) => Promise.resolve(void log.push(`${name} ${how}`)),
    start: () => Promise.resolve(void log.push(`${name} back`)),
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
  });
  const notice = (kind: string, stream = "round/r1/1") =>
    accidents.onNotice({ stream, kind, details: {} });
  return { accidents, downloader, log, notice };
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

test("the download is slowed down once it is armed, cut in the middle, and goes on at full speed", async () => {
  const { accidents, downloader, log } = fleet();
  accidents.onRequest("pump-2", "GET", blobPath);
  await vi.runAllTimersAsync();
  expect(log).toEqual([]);
  accidents.armDownload();
  expect(downloader.slowDownload).toBeGreaterThan(0);
  accidents.onRequest("pump-1", "GET", blobPath);
  accidents.onRequest("pump-2", "PUT", blobPath);
  accidents.onRequest("pump-2", "GET", "/v1/work");
  await vi.runAllTimersAsync();
  expect(log).toEqual([]);
  accidents.onRequest("pump-2", "GET", `/v1/repository${blobPath.slice(3)}`);
  expect(log).toEqual([]);
  accidents.onRequest("pump-2", "GET", blobPath);
  await vi.runAllTimersAsync();
  expect(log.filter((line) => line.startsWith("pump-2"))).toEqual([
    "pump-2 SIGKILL",
    "pump-2 back",
  ]);
  expect(downloader.slowDownload).toBeUndefined();
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
