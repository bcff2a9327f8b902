import fc from "fast-check";
import { expect, test } from "vitest";
import type { ExactSum, SumLimits } from "./exact-sum.ts";
import { addTo, exactSum, gridStep, meanOf, mergeInto } from "./exact-sum.ts";

type Contribution = { readonly values: Float32Array; readonly weight: number };

const limits: SumLimits = { valueMax: 0.75, weightMax: 1000, cohortMax: 40 };
const coordinates = 5;

const contribution: fc.Arbitrary<Contribution> = fc.record({
  values: fc.float32Array({
    min: Math.fround(-0.75),
    max: Math.fround(0.75),
    noNaN: true,
    minLength: coordinates,
    maxLength: coordinates,
  }),
  weight: fc.integer({ min: 1, max: 1000 }),
});
const cohort = fc.array(contribution, { minLength: 1, maxLength: limits.cohortMax });

const sumOf = (contributions: readonly Contribution[]): ExactSum => {
  const sum = exactSum(coordinates, limits);
  for (const { values, weight } of contributions) addTo(sum, values, weight);
  return sum;
};
const bitsOf = (sum: ExactSum): BigUint64Array => new BigUint64Array(sum.values.buffer);

/** The exact weighted sum as an integer number of 2^-200ths: float32 times integer is dyadic, BigInt holds it. */
const scaled = (value: number): bigint => {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const exponent = Number((raw >> 52n) & 0x7ffn);
  if (exponent === 0) return 0n;
  const mantissa = (raw & 0xfffffffffffffn) | 0x10000000000000n;
  const shift = exponent - 1075 + 200;
  const magnitude = shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift);
  return raw >> 63n === 1n ? -magnitude : magnitude;
};

test("bits depend on the order of contributions nowhere", () => {
  fc.assert(
    fc.property(
      cohort.chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        ),
      ),
      ([all, reordered]) => {
        expect(bitsOf(sumOf(reordered))).toEqual(bitsOf(sumOf(all)));
      },
    ),
  );
});

test("bits depend on the grouping into shards nowhere", () => {
  fc.assert(
    fc.property(cohort, fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }), (all, shards) => {
      const merged = exactSum(coordinates, limits);
      for (const shard of [2, 0, 3, 1]) {
        mergeInto(merged, sumOf(all.filter((_, index) => shards[index] === shard)));
      }
      expect(bitsOf(merged)).toEqual(bitsOf(sumOf(all)));
      expect([merged.weight, merged.count]).toEqual([sumOf(all).weight, all.length]);
    }),
  );
});

test("the sum is within N steps' halves of the exact one, held against BigInt", () => {
  fc.assert(
    fc.property(cohort, (all) => {
      const sum = sumOf(all);
      for (let i = 0; i < coordinates; i += 1) {
        const exact = all.reduce(
          (total, { values, weight }) => total + scaled(values[i]!) * BigInt(weight),
          0n,
        );
        const error = scaled(sum.values[i]!) - exact;
        const bound = (BigInt(all.length) * scaled(sum.step)) / 2n;
        expect(error <= bound && -error <= bound).toBe(true);
      }
    }),
  );
});

test("every partial sum is a multiple of the step and below 2^53 steps, at the extremes too", () => {
  for (const cohortMax of [1, 2, 3, 1000]) {
    const extreme = { valueMax: 3, weightMax: 7, cohortMax };
    const sum = exactSum(2, extreme);
    for (let i = 0; i < cohortMax; i += 1) addTo(sum, Float32Array.of(3, -2.9999998), 7);
    for (const value of sum.values) {
      expect(Number.isSafeInteger(value / sum.step)).toBe(true);
    }
    expect(sum.values[0]).toBe(21 * cohortMax);
  }
});

test("the step is the power of two at or above S·W·N·2^-52", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 2, max: 1e6 }),
      (valueMax, weightMax, cohortMax) => {
        const step = gridStep({ valueMax, weightMax, cohortMax });
        const bound = valueMax * weightMax * cohortMax * 2 ** -52;
        expect(Number.isInteger(Math.log2(step))).toBe(true);
        expect(step >= bound && step < 2 * bound).toBe(true);
      },
    ),
  );
});

test.for([
  ["a value above S", Float32Array.of(0.76, 0, 0, 0, 0), 1, "SUM_VALUE_EXCEEDED"],
  ["NaN", Float32Array.of(0, Number.NaN, 0, 0, 0), 1, "SUM_VALUE_EXCEEDED"],
  ["infinity", Float32Array.of(0, 0, -Infinity, 0, 0), 1, "SUM_VALUE_EXCEEDED"],
  ["a weight above W", new Float32Array(5), 1001, "SUM_WEIGHT_EXCEEDED"],
  ["a weight of zero", new Float32Array(5), 0, "SUM_WEIGHT_EXCEEDED"],
  ["a fractional weight", new Float32Array(5), 1.5, "SUM_WEIGHT_EXCEEDED"],
  ["another length", new Float32Array(4), 1, "SUM_LENGTH_MISMATCH"],
] as const)("%s is refused and leaves the sum as it was", ([, values, weight, code]) => {
  const sum = sumOf([{ values: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5), weight: 3 }]);
  const before = bitsOf(sum).slice();
  expect(() => addTo(sum, values, weight)).toThrow(expect.objectContaining({ code }));
  expect(bitsOf(sum)).toEqual(before);
  expect([sum.weight, sum.count]).toEqual([3, 1]);
});

test("more contributions than the grid was made for are refused", () => {
  const sum = exactSum(1, { valueMax: 1, weightMax: 1, cohortMax: 1 });
  addTo(sum, Float32Array.of(1), 1);
  expect(() => addTo(sum, Float32Array.of(1), 1)).toThrow(
    expect.objectContaining({ code: "SUM_FULL" }),
  );
  expect(() => mergeInto(sum, sum)).toThrow(expect.objectContaining({ code: "SUM_FULL" }));
});

test("a mean divides by the weights and needs a contribution", () => {
  const sum = exactSum(1, { valueMax: 4, weightMax: 8, cohortMax: 4 });
  expect(() => meanOf(sum)).toThrow(expect.objectContaining({ code: "SUM_EMPTY" }));
  addTo(sum, Float32Array.of(1), 1);
  addTo(sum, Float32Array.of(2), 3);
  // By hand: (1·1 + 3·2) / 4.
  expect([...meanOf(sum)]).toEqual([1.75]);
});

test.for([
  { valueMax: 0, weightMax: 1, cohortMax: 1 },
  { valueMax: Number.NaN, weightMax: 1, cohortMax: 1 },
  { valueMax: 1e300, weightMax: 1e9, cohortMax: 2 },
  { valueMax: 1e-300, weightMax: 1, cohortMax: 2 },
  { valueMax: 1, weightMax: 1, cohortMax: 1.5 },
])("limits %o are refused", (bad) => {
  expect(() => gridStep(bad)).toThrow(expect.objectContaining({ code: "SUM_LIMITS_INVALID" }));
});

test("sums over different grids are not merged", () => {
  const other = exactSum(coordinates, { ...limits, valueMax: 1000 });
  expect(() => mergeInto(exactSum(coordinates, limits), other)).toThrow(
    expect.objectContaining({ code: "SUM_LENGTH_MISMATCH" }),
  );
});
