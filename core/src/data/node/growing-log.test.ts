import { expect, test } from "vitest";
import { virtualClock } from "../../platform/clock.ts";
import { crashFileSystem } from "../../testing/node/crash-file-system.ts";
import type { LogEntry } from "../recording-log.ts";
import { decodeLog } from "../recording-log.ts";
import { beginLog } from "./growing-log.ts";

const entry = (timeUs: number): LogEntry => ({
  kind: "rows",
  timesUs: Float64Array.of(timeUs),
  data: Float32Array.of(1),
});
const options = { syncIntervalMs: 1000 };
const durable = { content: "lost", names: "lost" } as const;

test("entries are on disk after the interval, and at once when that is asked for", async () => {
  const clock = virtualClock();
  const fileSystem = crashFileSystem();
  const log = await beginLog("/r/a.log", { ...options, clock, fileSystem });
  const left = async (): Promise<number> => {
    const survivor = fileSystem.restart(durable);
    if (!(await survivor.exists("/r/a.log"))) return 0;
    return decodeLog(await survivor.read("/r/a.log"), 1).entries.length;
  };
  await log.append(entry(1));
  expect(await left()).toBe(0);
  await clock.advance(1000);
  await log.append(entry(2));
  expect(await left()).toBe(2);
  await log.append(entry(3));
  expect(await left()).toBe(2);
  await log.append(entry(4), "synced");
  expect(await left()).toBe(4);
  expect(log.rows).toBe(4);
});
