import { parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { mergeConfusions } from "./federated-figures.ts";

const slice = parseName;

test("counts of devices add up, and slices stay apart", () => {
  const figures = mergeConfusions(
    [
      { model: "candidate", slice: slice("pump-1"), counts: [3, 1, 0, 4] },
      { model: "candidate", slice: slice("pump-2"), counts: [2, 0, 2, 0] },
      { model: "candidate", slice: slice("pump-1"), counts: [0, 0, 1, 1] },
    ],
    2,
  );
  // By hand: [[5, 1], [3, 5]], F1 = 10/14 and 10/14.
  expect(figures.candidate?.counts).toEqual([5, 1, 3, 5]);
  expect(figures.candidate?.accuracy).toBeCloseTo(10 / 14, 12);
  expect(figures.candidate?.macroF1).toBeCloseTo(10 / 14, 12);
  expect(figures.candidate?.slices).toEqual({ "pump-1": 0.8, "pump-2": 0.5 });
  expect(figures.parent).toBeUndefined();
});

test("macro-F1 is over the classes that occur", () => {
  const figures = mergeConfusions(
    [{ model: "float", slice: slice("a"), counts: [4, 0, 0, 1, 3, 0, 0, 0, 0] }],
    3,
  );
  // By hand: F1 of class 0 is 8/9, of class 1 is 6/7; class 2 never occurs. (scikit-learn's default labels agree.)
  expect(figures.float?.macroF1).toBeCloseTo((8 / 9 + 6 / 7) / 2, 12);
});

test("counts of another number of classes are left out", () => {
  const counts = [1, 0, 0, 1];
  expect(mergeConfusions([{ model: "parent", slice: slice("a"), counts }], 3)).toEqual({});
});
