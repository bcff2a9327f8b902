import { expect, test } from "vitest";
import { crashFileSystem } from "../../testing/node/crash-file-system.ts";
import type { LogEntry } from "../recording-log.ts";
import { encodeLogEntry } from "../recording-log.ts";
import {
  beginRecording,
  closePart,
  lastTimeUs,
  logName,
  openLogRemains,
} from "./recording-parts.ts";

const info = {
  sensor: "s",
  channels: [{ name: "x", unit: "V" }],
  rateHz: 100,
  origin: "a test",
  attributes: {},
};
const rows: LogEntry = {
  kind: "rows",
  timesUs: Float64Array.of(10, 20),
  data: Float32Array.of(1, 2),
};
const label: LogEntry = {
  kind: "label",
  label: { startUs: 0, endUs: 30, label: "a", by: "test" },
};

test("a log that became a part, and files that nothing names, are cleared away", async () => {
  const folder = { directory: "/r", fileSystem: crashFileSystem() };
  const recording = await closePart(folder, await beginRecording(folder, info), [rows, label]);
  for (const name of [logName(0), logName(1), "part-00007.parquet", "recording.json.tmp"]) {
    const file = await folder.fileSystem.create(`/r/${name}`);
    await file.write(encodeLogEntry(rows));
  }
  expect(await openLogRemains(folder, recording)).toEqual({ entries: [rows], bytesDropped: 0 });
  expect((await folder.fileSystem.list("/r")).toSorted()).toEqual([
    "labels-00000.parquet",
    "part-00000.parquet",
    "part-00001.log",
    "recording.json",
  ]);
  expect(await lastTimeUs(folder, recording)).toBe(20);
});

test("labels alone make no part, and closing the same log twice doubles nothing", async () => {
  const folder = { directory: "/r", fileSystem: crashFileSystem() };
  const begun = await beginRecording(folder, info);
  const once = await closePart(folder, begun, [label]);
  const twice = await closePart(folder, once, [label]);
  expect(twice.parts).toEqual([]);
  expect(twice.labels).toMatchObject({ file: "labels-00001.parquet", rows: 1 });
  expect(await folder.fileSystem.list("/r")).not.toContain("labels-00000.parquet");
});
