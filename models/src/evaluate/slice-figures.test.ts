import { expect, test } from "vitest";
import { collectExamples } from "../train/examples.ts";
import { figuresOf, sliceFigures, sliceMetrics } from "./slice-figures.ts";

const attributes = [
  { pump: "a", shift: "day" },
  { pump: "a", shift: "day" },
  { pump: "b", shift: "day" },
  { pump: "b" },
];
const what = {
  classes: ["ok", "broken"],
  examples: collectExamples(
    { lengthSamples: 1, channels: 1 },
    [0, 1, 0, 1].map((label, row) => ({
      data: Float32Array.of(row),
      label,
      group: "g",
      attributes: attributes[row] ?? {},
    })),
  ),
  // Right for pump a; for pump b always "ok".
  predicted: Int32Array.of(0, 1, 0, 0),
};

test("all examples are scored together", () => {
  // By hand: F1 of ok 4/5, of broken 2/3.
  expect(figuresOf(what)).toEqual({ accuracy: 0.75, macroF1: expect.closeTo(11 / 15) });
});

test("each slice is scored alone, the worst first, and rows without the attribute are one", () => {
  expect(sliceFigures(what, ["pump", "shift"])).toEqual([
    { attribute: "pump", value: "b", windows: 2, accuracy: 0.5, macroF1: expect.closeTo(1 / 3) },
    { attribute: "pump", value: "a", windows: 2, accuracy: 1, macroF1: 1 },
    { attribute: "shift", value: "", windows: 1, accuracy: 0, macroF1: 0 },
    { attribute: "shift", value: "day", windows: 3, accuracy: 1, macroF1: 1 },
  ]);
  expect(sliceFigures(what, [])).toEqual([]);
});

test("a manifest names a bounded number of slices, the worst, and no endless name", () => {
  const slices = Array.from({ length: 100 }, (_, at) => ({
    attribute: "take",
    value: at === 0 ? "x".repeat(1000) : `take-${at}`,
    windows: 1,
    accuracy: at / 100,
    macroF1: at / 100,
  }));
  const metrics = sliceMetrics(slices);
  expect(Object.keys(metrics)).toHaveLength(30);
  expect(metrics).toMatchObject({ "macroF1Int8/take=take-1": 0.01 });
  expect(metrics).not.toHaveProperty(["macroF1Int8/take=take-16"]);
});
