import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { virtualClock } from "../../platform/clock.ts";
import { crashFileSystem, survivals } from "../../testing/node/crash-file-system.ts";
import { decodeLabels, decodeRows } from "../parquet.ts";
import { parseRecording } from "../recording.ts";
import type { Samples } from "../samples.ts";
import { readRecording } from "./recording-files.ts";
import { createRecordingWriter } from "./recording-writer.ts";

const info = {
  sensor: "s",
  channels: [{ name: "x", unit: "V" }],
  rateHz: 100,
  origin: "a test",
  attributes: { who: "me" },
};
const clock = virtualClock();
const packet = (index: number, rows = 10): Samples => ({
  sensor: "s",
  startUs: index * 100_000,
  periodUs: 10_000,
  data: new Float32Array(rows).fill(index),
});
const label = (index: number) => ({ startUs: index, endUs: index + 9, label: "a", by: "test" });

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), "edgeloop-writer-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test("a recording is written in parts and read back whole", async () => {
  const directory = temporary();
  const writer = await createRecordingWriter(directory, info, { clock, rowsPerPart: 25 });
  for (let index = 0; index < 7; index += 1) {
    expect(await writer.append(packet(index))).toBeUndefined();
    if (index % 3 === 0) await writer.label(label(index));
  }
  const recording = await writer.close();
  expect(recording.parts.map(({ rows }) => rows)).toEqual([30, 30, 10]);
  const read = await readRecording(directory);
  expect(read.recording).toEqual(recording);
  expect([...read.timesUs]).toEqual(Array.from({ length: 70 }, (_, row) => row * 10_000));
  expect([...read.data]).toEqual(Array.from({ length: 70 }, (_, row) => Math.floor(row / 10)));
  expect(read.labels).toEqual([label(0), label(3), label(6)]);
  expect((await readdir(directory)).toSorted()).toEqual([
    "labels.parquet",
    "part-00000.parquet",
    "part-00001.parquet",
    "part-00002.parquet",
    "recording.json",
  ]);
});

test("what no sensor may say is refused with a code, and the recording goes on", async () => {
  const writer = await createRecordingWriter(temporary(), info, { clock });
  await writer.append(packet(5));
  expect(await writer.append(packet(1))).toMatchObject({ code: "SAMPLES_TIME_BACK" });
  const bad = { ...packet(6), data: Float32Array.of(Number.NaN) };
  expect(await writer.append(bad)).toMatchObject({ code: "SAMPLES_NOT_FINITE" });
  expect(await writer.append(packet(6))).toBeUndefined();
  expect(writer.counters).toMatchObject({ rows: 20, refused: 2 });
  await writer.close();
});

test("a recording is continued, one of something else is not", async () => {
  const directory = temporary();
  for (const index of [0, 1]) {
    const writer = await createRecordingWriter(directory, info, { clock });
    await writer.append(packet(index));
    await writer.label(label(index));
    await writer.close();
  }
  const { timesUs, labels } = await readRecording(directory);
  expect([timesUs.length, labels.length]).toEqual([20, 2]);
  await expect(
    createRecordingWriter(directory, { ...info, rateHz: 50 }, { clock }),
  ).rejects.toMatchObject({
    code: "RECORDING_DIFFERS",
    message: expect.stringContaining("rateHz"),
  });
});

test("a process that is killed leaves what it had taken", async () => {
  const directory = temporary();
  const writerPath = new URL("./recording-writer.ts", import.meta.url).href;
  const program = `
    const { createRecordingWriter } = await import(${JSON.stringify(writerPath)});
    const clock = { monotonicMs: () => 0, nowUs: () => 0, sleep: async () => {} };
    const writer = await createRecordingWriter(${JSON.stringify(directory)}, ${JSON.stringify(info)}, { clock, rowsPerPart: 25 });
    for (let index = 0; ; index += 1) {
      await writer.append({ sensor: "s", startUs: index * 100000, periodUs: 10000, data: new Float32Array(10).fill(index) });
      if (index === 7) process.stdout.write("8 packets");
    }`;
  const child = spawn(
    process.execPath,
    ["--conditions=@edgeloop/source", "--input-type=module", "-e", program],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  expect(child.exitCode).toBeNull();
  child.kill("SIGKILL");
  await once(child, "exit");
  const writer = await createRecordingWriter(directory, info, { clock });
  await writer.close();
  const { timesUs, data } = await readRecording(directory);
  expect(timesUs.length).toBeGreaterThanOrEqual(80);
  expect([...timesUs]).toEqual(Array.from(timesUs, (_, row) => row * 10_000));
  expect([...data]).toEqual(Array.from(data, (_, row) => Math.floor(row / 10)));
});

// Three packets and two labels, with a part closed between: each step of the disk may be the last.
test("a power cut at any step leaves a beginning of what was sent, and every label that was acknowledged", async () => {
  const path = "/r";
  const record = async (fileSystem: ReturnType<typeof crashFileSystem>, done: number[]) => {
    const options = { clock, fileSystem, rowsPerPart: 20 };
    const writer = await createRecordingWriter(path, info, options);
    for (const index of [0, 1, 2]) {
      await writer.append(packet(index));
      if (index === 1) continue;
      await writer.label(label(index));
      done.push(index);
    }
    await writer.close();
  };
  const whole = crashFileSystem();
  await record(whole, []);
  for (let steps = 0; steps <= whole.steps; steps += 1) {
    const disk = crashFileSystem();
    const acknowledged: number[] = [];
    disk.cutAfter(steps);
    await record(disk, acknowledged).catch(() => undefined);
    for (const survival of survivals) {
      const fileSystem = disk.restart(survival);
      const options = { clock, fileSystem };
      await (await createRecordingWriter(path, info, options)).close();
      const recording = parseRecording(
        JSON.parse(new TextDecoder().decode(await fileSystem.read(`${path}/recording.json`))),
      );
      const rows: number[] = [];
      for (const part of recording.parts) {
        rows.push(...(await decodeRows(await fileSystem.read(`${path}/${part.file}`), ["x"])).data);
      }
      const file = recording.labels?.file ?? "";
      const labels = await decodeLabels(await fileSystem.read(`${path}/${file}`));
      const where = `${steps} ${JSON.stringify(survival)}`;
      expect(rows, where).toEqual(rows.map((_, row) => Math.floor(row / 10)));
      expect(rows.length % 10, where).toBe(0);
      for (const index of acknowledged) expect(labels, where).toContainEqual(label(index));
      // The packet before an acknowledged label is on disk with it.
      expect(rows.length, where).toBeGreaterThanOrEqual(((acknowledged.at(-1) ?? -1) + 1) * 10);
    }
  }
});
