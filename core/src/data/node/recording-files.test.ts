import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { RecordingContent } from "../recording.ts";
import {
  listDataset,
  openRecording,
  readRecording,
  recordingSamples,
  writeRecording,
} from "./recording-files.ts";

const root = await mkdtemp(join(tmpdir(), "edgeloop-recording-"));
afterAll(() => rm(root, { recursive: true }));
const fresh = (): Promise<string> => mkdtemp(join(root, "r-"));

const info = {
  sensor: "imu",
  channels: [
    { name: "x", unit: "m/s2" },
    { name: "y", unit: "m/s2" },
  ],
  rateHz: 100,
  origin: "a test",
  attributes: { subject: "s01" },
};
const content: RecordingContent = {
  timesUs: Float64Array.from({ length: 250 }, (_, i) => 1_700_000_000_000_000 + i * 10_000),
  data: Float32Array.from({ length: 500 }, (_, i) => Math.sin(i)),
  labels: [
    { startUs: 1_700_000_000_000_000, endUs: 1_700_000_001_000_000, label: "a", by: "test" },
  ],
};

test("a recording is read back as it was written", async () => {
  for (const synced of [true, false]) {
    const directory = join(await fresh(), "deep", "er");
    const recording = await writeRecording(directory, info, content, { synced });
    expect(await readRecording(directory)).toEqual({ recording, ...content });
    expect((await readdir(directory)).toSorted()).toEqual([
      "labels.parquet",
      "part-00000.parquet",
      "recording.json",
    ]);
  }
});

test("a recording is streamed packet by packet", async () => {
  const directory = await fresh();
  await writeRecording(directory, info, content);
  const packets = await Array.fromAsync(recordingSamples(directory, 100));
  expect(
    packets.map(({ startUs, data }) => [startUs - 1_700_000_000_000_000, data.length]),
  ).toEqual([
    [0, 200],
    [1_000_000, 200],
    [2_000_000, 100],
  ]);
  expect(packets.flatMap(({ data }) => [...data])).toEqual([...content.data]);
});

test("one flipped bit anywhere in a part is found", async () => {
  const directory = await fresh();
  await writeRecording(directory, info, content);
  const path = join(directory, "part-00000.parquet");
  const bytes = await readFile(path);
  for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 1;
    await writeFile(path, damaged);
    await expect(readRecording(directory)).rejects.toMatchObject({ code: "RECORDING_DAMAGED" });
  }
});

test("a dataset is every folder with a recording, in order of paths", async () => {
  const directory = await fresh();
  for (const name of ["b", "a/2", "a/1"])
    await writeRecording(join(directory, name), info, content);
  const found = await listDataset(directory);
  expect(found.map((stored) => stored.directory)).toEqual(
    ["a/1", "a/2", "b"].map((name) => join(directory, name)),
  );
  expect(found[0]?.recording.attributes).toEqual({ subject: "s01" });
});

test("a folder without recordings says how to make some", async () => {
  await expect(listDataset(await fresh())).rejects.toMatchObject({
    code: "DATASET_EMPTY",
    message: expect.stringContaining("edgeloop data import"),
  });
});

test("a description that is no JSON is refused by its path", async () => {
  const directory = await fresh();
  await writeFile(join(directory, "recording.json"), "{");
  await expect(openRecording(directory)).rejects.toMatchObject({
    code: "RECORDING_INVALID",
    details: { path: join(directory, "recording.json") },
  });
});
