import fc from "fast-check";
import { expect, test } from "vitest";
import { addMoments, mergeMoments, noMoments, standardDeviation, variance } from "./moments.ts";

test("variance and standard deviation are NumPy's", () => {
  const moments = addMoments(noMoments, [2.5, -1, 7, 1e-3, 4]);
  expect(variance(moments)).toBeCloseTo(8.19900016, 12);
  expect(standardDeviation(moments, 1)).toBeCloseTo(3.2013669267986136, 12);
});

test("a large offset does not eat the spread", () => {
  const moments = addMoments(noMoments, [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]);
  expect(variance(moments, 1)).toBe(30);
});

test("parts joined are the whole", () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 40 });
  fc.assert(
    fc.property(values, values, (a, b) => {
      const whole = addMoments(noMoments, [...a, ...b]);
      const joined = mergeMoments(addMoments(noMoments, a), addMoments(noMoments, b));
      expect(joined.count).toBe(whole.count);
      expect(joined.mean).toBeCloseTo(whole.mean, 8);
      expect(joined.squares / 1e6).toBeCloseTo(whole.squares / 1e6, 8);
    }),
  );
});

test("nothing and one value have no spread", () => {
  expect(variance(noMoments)).toBe(0);
  expect(variance(addMoments(noMoments, [5]), 1)).toBe(0);
  expect(mergeMoments(noMoments, noMoments)).toEqual(noMoments);
});
