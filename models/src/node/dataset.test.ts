import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRecording } from "@edgeloop/core/data/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tonesProblem } from "../testing/tones.ts";
import { loadExamples } from "./dataset.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgeloop-dataset-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** One second at 100 Hz: the first half `low`, the second `high`. */
const record = (name: string, change: { readonly unit?: string; readonly label?: string } = {}) =>
  writeRecording(
    join(folder, name),
    {
      sensor: "probe",
      channels: ["x", "y", "z"].map((axis) => ({ name: change.unit ?? axis, unit: "g" })),
      rateHz: 100,
      origin: "test",
      attributes: { probe: name },
    },
    {
      timesUs: Float64Array.from({ length: 100 }, (_, row) => row * 10_000),
      data: Float32Array.from({ length: 300 }, (_, at) => at),
      labels: [
        { startUs: 0, endUs: 500_000, label: "low", by: "test" },
        { startUs: 500_000, endUs: 1_000_000, label: change.label ?? "high", by: "test" },
      ],
    },
  );
const load = (where = {}) =>
  loadExamples(tonesProblem, { directory: folder, where, groupBy: "probe" });

test("windows are cut on the hop's grid with the label that covers most, grouped by the attribute", async () => {
  await record("a");
  await record("b");
  const examples = await load();
  // Windows of 40 every 20 samples: starts 0, 20, 40, 60; the third has 10 of low and 30 of high.
  expect([...examples.labels]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  expect(examples.groups).toEqual(["a", "a", "a", "a", "b", "b", "b", "b"]);
  expect([...examples.data.slice(120, 123)]).toEqual([60, 61, 62]);
  expect((await load({ probe: "b" })).groups).toEqual(["b", "b", "b", "b"]);
});

test.for([
  ["a label that is no class", { label: "middle" }, "LABEL_UNKNOWN"],
  ["other channels", { unit: "w" }, "DATASET_CHANNELS"],
] as const)("%s is refused, naming the recording", async ([, change, code]) => {
  await record("a", change);
  await expect(load()).rejects.toMatchObject({ code, message: expect.stringContaining(folder) });
});
