import fc from "fast-check";
import { expect, test } from "vitest";
import { groupedFolds } from "./folds.ts";

const people = Array.from({ length: 23 }, (_, index) => `s${String(index + 1).padStart(2, "0")}`);

test("every group is tested once and never trains in its own fold", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 23 }), (seed, count) => {
      const folds = groupedFolds(people, count, seed);
      expect(folds.flatMap((fold) => fold.test).toSorted()).toEqual(people);
      for (const { train, test: held } of folds) {
        expect([...train, ...held].toSorted()).toEqual(people);
        expect(held.length).toBeGreaterThanOrEqual(Math.floor(23 / count));
      }
    }),
  );
});

test("folds depend on names and seed, not on the order of the names", () => {
  expect(groupedFolds([...people].reverse(), 5, 3)).toEqual(groupedFolds(people, 5, 3));
});

test("more folds than groups is refused", () => {
  expect(() => groupedFolds(["a"], 2, 0)).toThrow(
    expect.objectContaining({ code: "FOLDS_TOO_MANY" }),
  );
});
