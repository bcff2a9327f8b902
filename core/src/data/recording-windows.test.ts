import { expect, test } from "vitest";
import { labelledWindows } from "./recording-windows.ts";

const info = { sensor: "imu", channels: [{ name: "x", unit: "m/s2" }], rateHz: 100 };
const spec = { rateHz: 100, lengthSamples: 10, hopSamples: 5 };
const timesUs = Float64Array.from({ length: 25 }, (_, i) => i * 10_000);

test("windows carry the label that covers most of them", () => {
  const data = Float32Array.from(timesUs, (_, i) => i);
  const labels = [
    { startUs: 0, endUs: 90_000, label: "a", by: "test" },
    { startUs: 90_000, endUs: 150_000, label: "b", by: "test" },
  ];
  const windows = labelledWindows(info, spec, { timesUs, data, labels });
  expect(windows.map(({ window, label }) => [window.startUs, label])).toEqual([
    [0, "a"],
    [50_000, "b"],
    [100_000, "b"],
    [150_000, undefined],
  ]);
  expect(windows[1]?.window.data).toEqual(data.slice(5, 15));
});

test("an empty recording has no windows", () => {
  const nothing = { timesUs: new Float64Array(), data: new Float32Array(), labels: [] };
  expect(labelledWindows(info, spec, nothing)).toEqual([]);
});
