import fc from "fast-check";
import { expect, test } from "vitest";
import { gaussian, seededRng } from "../platform/random.ts";
import { kolmogorovPValue, kolmogorovSmirnov } from "./kolmogorov-smirnov.ts";

// scipy 1.17.1: ks_2samp(a, b, method="exact").
test.for([
  [[1, 2, 3, 4], [5, 6, 7, 8], 1, 0.028571428571428577],
  [
    [0.1, 0.4, 0.7, 1.2, 3.3],
    [0.2, 0.3, 0.9, 1.0, 1.1, 4.0, 5.0],
    0.3142857142857143,
    0.8383838383838382,
  ],
  [[1, 2, 2, 3, 3, 3], [2, 3, 4, 4, 5], 0.6, 0.23809523809523814],
  [[0, 1, 2, 3, 4, 5, 6, 7], [2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5], 0.375, 0.6601398601398599],
] as const)("statistic and exact p-value are SciPy's (case %#)", ([a, b, statistic, pValue]) => {
  const got = kolmogorovSmirnov(a, b);
  expect(got.statistic).toBeCloseTo(statistic, 14);
  expect(got.pValue).toBeCloseTo(pValue, 13);
});

// scipy 1.17.1: scipy.special.kolmogorov; at a large effective size the correction vanishes.
test.for([
  [0.5, 0.9639452436648751],
  [0.8, 0.5441424115741981],
  [1, 0.26999967167735456],
  [1.36, 0.049485876755377876],
  [2, 0.0006709252557796953],
  [3, 3.045995948942526e-8],
] as const)("the limit at %f is SciPy's", ([x, expected]) => {
  const effective = 1e16;
  expect(kolmogorovPValue(x / Math.sqrt(effective), effective) / expected).toBeCloseTo(1, 5);
});

test("the corrected limit is close to the exact p-value", () => {
  const rng = seededRng(1);
  const draw = (size: number, shift: number): number[] =>
    Array.from({ length: size }, () => gaussian(rng) + shift).toSorted((a, b) => a - b);
  for (const shift of [0, 0.2, 0.4, 0.6]) {
    const { statistic, pValue } = kolmogorovSmirnov(draw(80, 0), draw(120, shift));
    const limit = kolmogorovPValue(statistic, (80 * 120) / 200);
    expect(Math.abs(limit - pValue)).toBeLessThan(0.02 + 0.05 * pValue);
  }
});

test("under the null hypothesis a p-value is at most p with probability p", () => {
  const rng = seededRng(2);
  const draw = (): number[] => Array.from({ length: 12 }, rng).toSorted((a, b) => a - b);
  let below = 0;
  const trials = 4000;
  for (let trial = 0; trial < trials; trial += 1) {
    if (kolmogorovSmirnov(draw(), draw()).pValue <= 0.05) below += 1;
  }
  // Three standard deviations of a count with probability 0.05 are 0.0104 of the trials.
  expect(below / trials).toBeLessThan(0.0604);
});

test("the samples may change places", () => {
  const sample = fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 })
    .map((values) => values.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(sample, sample, (a, b) => {
      const [one, other] = [kolmogorovSmirnov(a, b), kolmogorovSmirnov(b, a)];
      expect(one.statistic).toBe(other.statistic);
      expect(one.pValue).toBeCloseTo(other.pValue, 12);
      expect(one.pValue).toBeLessThanOrEqual(1);
    }),
  );
});

test("an empty sample says nothing", () => {
  expect(kolmogorovSmirnov([], [1])).toEqual({ statistic: 0, pValue: 1 });
});
