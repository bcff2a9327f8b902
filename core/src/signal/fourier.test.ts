import { expect, test } from "vitest";
import { binsOf, sidesOf, taperOf } from "./fourier.ts";

// Hand computation; scipy.signal.get_window("hann", 4) is [0, 0.5, 1, 0.5].
test("Hann's taper is the periodic one", () => {
  for (const [i, weight] of [0, 0.5, 1, 0.5].entries()) {
    expect(taperOf("hann", 4)[i]).toBeCloseTo(weight, 12);
  }
  expect(taperOf("none", 3)).toEqual([1, 1, 1]);
});

test("frequencies of a one-sided spectrum count as often as the two-sided has them", () => {
  for (const length of [1, 2, 7, 8]) {
    const bins = Array.from({ length: binsOf(length) }, (_, bin) => sidesOf(bin, length));
    expect(bins.reduce((sum, sides) => sum + sides, 0)).toBe(length);
  }
});
