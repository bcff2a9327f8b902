import { expect, test } from "vitest";
import { newRows } from "./new-rows.ts";

const base = { sensor: "s", startUs: 0 };

test("a regular packet gives a time a row, rounded to microseconds", () => {
  const data = Float32Array.of(1, 2, 3);
  expect(
    newRows(
      { ...base, periodUs: 1e6 / 3, data },
      { channels: 1, lastUs: Number.NEGATIVE_INFINITY },
    ),
  ).toEqual({ timesUs: Float64Array.of(0, 333_333, 666_667), data, repeated: 0 });
});

test("rows at or before a time, or at the time of the row before, are left out", () => {
  const timesUs = Float64Array.of(5, 6, 6, 7);
  const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  expect(newRows({ ...base, timesUs, data }, { channels: 2, lastUs: 5 })).toEqual({
    timesUs: Float64Array.of(6, 7),
    data: Float32Array.of(3, 4, 7, 8),
    repeated: 2,
  });
});

test("a packet without rows gives none", () => {
  const empty = { ...base, periodUs: 1, data: new Float32Array() };
  expect(newRows(empty, { channels: 3, lastUs: 0 }).timesUs).toHaveLength(0);
});
