import fc from "fast-check";
import { expect, test } from "vitest";
import { createGridRecorder } from "./grid-recorder.ts";
import { labelFor, majorityLabel } from "./label.ts";

const recorder = () => createGridRecorder({ channels: 1, rateHz: 100 });

test("rows are put onto the grid, labels hold until the next row says otherwise", () => {
  const grid = recorder();
  const rows = [
    [5_000, 0, "a"],
    [15_000, 10, "a"],
    [15_000, 99, "b"],
    [22_000, 17, "b"],
    [40_000, 35, undefined],
    [50_000, 45, "a"],
  ] as const;
  for (const [timeUs, value, label] of rows) expect(grid.add(timeUs, [value], label)).toBe(true);
  const { timesUs, data, labels } = grid.end();
  expect([...timesUs]).toEqual([10_000, 20_000, 30_000, 40_000, 50_000]);
  expect([...data]).toEqual([5, 15, 25, 35, 45]);
  // By hand: b begins at 22 ms, so at the place 30 ms; no label at 40 ms; a again at 50 ms, to the end.
  expect(labels).toEqual([
    { startUs: 10_000, endUs: 30_000, label: "a", by: "import" },
    { startUs: 30_000, endUs: 40_000, label: "b", by: "import" },
    { startUs: 50_000, endUs: 60_000, label: "a", by: "import" },
  ]);
  expect(grid.counters).toEqual({ rows: 6, rowsRepeated: 1, gaps: 0 });
});

test("a long gap is left open, in the samples and in the label", () => {
  const grid = recorder();
  for (const timeUs of [0, 10_000, 5_000_000, 5_010_000]) grid.add(timeUs, [1], "a");
  const { timesUs, labels } = grid.end();
  expect([...timesUs]).toEqual([0, 10_000, 5_000_000, 5_010_000]);
  expect(labels.map(({ startUs, endUs }) => [startUs, endUs])).toEqual([
    [0, 20_000],
    [5_000_000, 5_020_000],
  ]);
  expect(grid.counters.gaps).toBe(1);
});

test("a time that steps back is refused and changes nothing", () => {
  const grid = recorder();
  grid.add(20_000, [1], undefined);
  expect(grid.add(10_000, [2], undefined)).toBe(false);
  expect([...grid.end().timesUs]).toEqual([20_000]);
});

test("a window's label is the majority of its samples' labels", () => {
  const step = fc.tuple(fc.integer({ min: 1, max: 25_000 }), fc.constantFrom("a", "b", "c"));
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 120 }), (steps) => {
      const grid = recorder();
      let atUs = 0;
      const rows = steps.map(([stepUs, label]) => {
        atUs += stepUs;
        return { atUs, label };
      });
      for (const row of rows) grid.add(row.atUs, [0], row.label);
      const { timesUs, labels } = grid.end();
      const perSample = [...timesUs].map((t) => rows.findLast((row) => row.atUs <= t)?.label ?? "");
      const spec = { rateHz: 100, lengthSamples: 10, hopSamples: 1 };
      for (let first = 0; first + 10 <= timesUs.length; first += 1) {
        expect(labelFor({ startUs: timesUs[first]! }, spec, labels)).toBe(
          majorityLabel(perSample.slice(first, first + 10)),
        );
      }
    }),
    { numRuns: 30 },
  );
});
