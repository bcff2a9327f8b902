import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { CsvMapping } from "../csv-recording.ts";
import { selectRecordings } from "../dataset.ts";
import { labelledWindows } from "../recording-windows.ts";
import { importCsv } from "./import-csv.ts";
import { listDataset, readRecording } from "./recording-files.ts";

const root = await mkdtemp(join(tmpdir(), "edgeloop-import-"));
afterAll(() => rm(root, { recursive: true }));

const mapping: CsvMapping = {
  channels: [{ column: "x", unit: "m/s2" }],
  time: { column: "t", unit: "ms" },
  rateHz: 100,
  label: "what",
};
const path = "{subject}/{subject}_{run}.csv";
const folder = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const from = await mkdtemp(join(root, "csv-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(from, name)), { recursive: true });
    await writeFile(join(from, name), text);
  }
  return from;
};
const job = async (files: Readonly<Record<string, string>>) => {
  const from = await folder(files);
  return { from, to: `${from}-out`, path, sensor: "imu", mapping, origin: "a test" };
};
const csv = "x,t,what\n1,0,a\n2,10,a\n2,10,a\n3,20,b\n";

test("files become recordings with attributes from their paths", async () => {
  const work = await job({ "s1/s1_1.csv": csv, "s2/s2_7.csv": csv, "README.csv": "free text" });
  expect(await importCsv(work)).toEqual({
    files: 2,
    skipped: ["README.csv"],
    recordings: 2,
    rows: 8,
    rowsRepeated: 2,
    gaps: 0,
    samples: 6,
  });
  const [first, second] = await listDataset(work.to);
  expect(first?.directory).toBe(join(work.to, "s1", "s1_1"));
  expect(first?.recording).toMatchObject({
    sensor: "imu",
    channels: [{ name: "x", unit: "m/s2" }],
    origin: "a test: s1/s1_1.csv",
    attributes: { subject: "s1", run: "1" },
  });
  expect(second?.recording.attributes).toEqual({ subject: "s2", run: "7" });
  const { data } = await readRecording(join(work.to, "s2", "s2_7"));
  expect([...data]).toEqual([1, 2, 3]);
});

test("one bad file and nothing is imported", async () => {
  const work = await job({ "s1/s1_1.csv": csv, "s2/s2_1.csv": "x,t,what\n1,0,a\nx,10,a\n" });
  await expect(importCsv(work)).rejects.toMatchObject({
    code: "CSV_CELL_INVALID",
    details: { file: "s2/s2_1.csv", line: 3, column: "x" },
  });
  expect((await readdir(dirname(work.to))).filter((name) => work.to.endsWith(name))).toEqual([]);
  expect(existsSync(`${work.to}.partial`)).toBe(false);
});

test("what is there already is not overwritten", async () => {
  const work = await job({ "s1/s1_1.csv": csv });
  await importCsv(work);
  await expect(importCsv(work)).rejects.toMatchObject({ code: "IMPORT_TARGET_NOT_EMPTY" });
});

test("a folder without such files is refused", async () => {
  await expect(importCsv(await job({ "a.csv": csv }))).rejects.toMatchObject({
    code: "IMPORT_EMPTY",
  });
});

// SOURCE.md beside the data: 446 files, 521,766 samples. Window counts and labels by pandas 3.0.6 and numpy.interp on the
// same grid, with collections.Counter for the majority.
const har = join(import.meta.dirname, "../../../../../shared/datasets/har-spsw");
test.skipIf(!existsSync(har))(
  "the phone and watch data give the windows that pandas gives",
  async () => {
    const to = join(root, "har");
    const names = ["x_acc", "y_acc", "z_acc", "x_gyro", "y_gyro", "z_gyro"];
    const report = await importCsv({
      from: har,
      to,
      path: "{subject}/{subject}_{execution}_{device}.csv",
      sensor: "imu",
      origin: "har-spsw",
      mapping: {
        channels: names.map((column, i) => ({ column, unit: i < 3 ? "m/s2" : "rad/s" })),
        time: { column: "timestamp", unit: "ms" },
        label: "label",
        rateHz: 100,
      },
    });
    expect(report).toMatchObject({ files: 446, rows: 521_766, gaps: 0 });
    const spec = { rateHz: 100, lengthSamples: 100, hopSamples: 25 };
    const all = await listDataset(to);
    const counted: Record<string, number>[] = [];
    for (const device of ["sp", "sw"]) {
      const counts: Record<string, number> = {};
      for (const { directory } of selectRecordings(all, { device })) {
        const content = await readRecording(directory);
        for (const { label = "none" } of labelledWindows(content.recording, spec, content)) {
          counts[label] = (counts[label] ?? 0) + 1;
        }
      }
      counted.push(counts);
    }
    expect(counted).toEqual([
      { SEATED: 535, STANDING_UP: 1024, WALKING: 4490, TURNING: 2038, SITTING_DOWN: 1127 },
      { SEATED: 503, STANDING_UP: 1016, WALKING: 4496, TURNING: 2033, SITTING_DOWN: 1126 },
    ]);
  },
);
