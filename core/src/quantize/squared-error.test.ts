import { expect, test } from "vitest";
import { gaussian, seededRng } from "../platform/random.ts";
import { emptyHistogram, histogramBuilder } from "../statistics/histogram.ts";
import type { Range } from "./int8-params.ts";
import { activationParams, roundHalfEven, symmetricParams } from "./int8-params.ts";
import { leastErrorRange, squaredError } from "./squared-error.ts";

/** Cubes of normal values: a few are far out. */
function samples(shift = 0): Float32Array {
  const rng = seededRng(3);
  return Float32Array.from({ length: 5000 }, () => (gaussian(rng) + shift) ** 3);
}

const histogramOf = (values: Float32Array) => {
  const builder = histogramBuilder();
  builder.add(values);
  return builder.histogram();
};

/** Rounds each value and measures. */
function measured(values: Float32Array, range: Range, symmetric = false): number {
  const { scale, zeroPoint } = (symmetric ? symmetricParams : activationParams)(range);
  return (
    values.reduce((sum, value) => {
      const integer = Math.min(127, Math.max(-128, roundHalfEven(value / scale) + zeroPoint));
      return sum + (value - (integer - zeroPoint) * scale) ** 2;
    }, 0) / values.length
  );
}

test.for([
  [{ min: -9, max: 20 }, false],
  [{ min: -2, max: 3 }, false],
  [{ min: -20, max: 20 }, true],
] as const)("the error over %j is what rounding each value makes", ([range, symmetric]) => {
  const values = samples();
  const told = squaredError(histogramOf(values), range, { symmetric });
  expect(told / measured(values, range, symmetric)).toBeCloseTo(1, 1);
});

// A search over both ends by rounding each value: 30 x 30 candidates.
test("no range does better than the one that is chosen", () => {
  const values = samples(0.5);
  const chosen = leastErrorRange(histogramOf(values));
  const shares = Array.from({ length: 30 }, (_, i) => 0.95 ** i);
  const [least = 0, greatest = 0] = [Math.min(...values), Math.max(...values)];
  const best = Math.min(
    ...shares.flatMap((low) =>
      shares.map((high) => measured(values, { min: least * low, max: greatest * high })),
    ),
  );
  expect(measured(values, chosen)).toBeLessThan(1.03 * best);
  expect(measured(values, chosen)).toBeLessThan(measured(values, { min: least, max: greatest }));
});

test("symmetric ends move together", () => {
  const { min, max } = leastErrorRange(histogramOf(samples()), { symmetric: true });
  expect(min).toBe(-max);
  expect(max).toBeLessThan(Math.max(...samples().map(Math.abs)));
});

test("a value alone is exact, zeros need no range, nothing makes no error", () => {
  expect(squaredError(emptyHistogram, { min: -1, max: 1 })).toBe(0);
  expect(leastErrorRange(histogramOf(new Float32Array(5)))).toEqual({ min: 0, max: 0 });
  const constant = histogramOf(new Float32Array(5).fill(3));
  expect(squaredError(constant, leastErrorRange(constant))).toBeLessThan(1e-12);
});
