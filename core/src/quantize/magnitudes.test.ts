import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { addMagnitudes, cutRange, entropyThreshold, magnitudes } from "./magnitudes.ts";

type Case = {
  readonly name: string;
  readonly levels: number;
  readonly counts: readonly number[];
  /** Where the definition, computed by scipy, cuts off: a number of bins. */
  readonly bins: number;
  /** Where onnxruntime's own calibrator does, on the same counts mirrored. */
  readonly onnxruntimeBins: number;
};

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/quantize/entropy.json", import.meta.url), "utf8"),
);

// make-entropy.py: scipy.special.rel_entr over the definition, and onnxruntime.quantization 1.30.0.
test.for(cases)("$name is cut where scipy finds the least divergence", (given) => {
  const { levels, counts, bins, onnxruntimeBins } = given;
  const found = entropyThreshold({ max: counts.length, counts: Float64Array.from(counts) }, levels);
  expect(found).toBe(bins);
  // onnxruntime truncates counts to whole numbers and leaves out the rest of a division.
  expect(Math.abs(found - onnxruntimeBins) / counts.length).toBeLessThan(0.1);
});

test("values are counted by magnitude; zeros are not, and what is too large counts last", () => {
  const found = magnitudes({ min: -2, max: 1 });
  addMagnitudes(found, Float32Array.of(0, 0, 0.0001, -0.0001, 2, -1, 99));
  expect(found.max).toBe(2);
  expect([found.counts[0], found.counts[1024], found.counts[2047]]).toEqual([2, 1, 2]);
});

test("an even spread is kept whole", () => {
  const counts = new Float64Array(512).fill(7);
  expect(entropyThreshold({ max: 3, counts }, 128)).toBe(3);
});

test("levels that are none are refused", () => {
  expect(() => entropyThreshold(magnitudes({ min: 0, max: 1 }), 0)).toThrow(
    expect.objectContaining({
      code: "RANGE_INVALID",
      message: "expected a positive number of levels",
    }),
  );
});

test("a cut never widens", () => {
  expect(cutRange({ min: -1, max: 9 }, 3)).toEqual({ min: -1, max: 3 });
  expect(cutRange({ min: 0, max: 9 }, 30)).toEqual({ min: 0, max: 9 });
});
