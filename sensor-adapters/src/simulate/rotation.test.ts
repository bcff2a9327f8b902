import fc from "fast-check";
import { expect, test } from "vitest";
import { rotation } from "./rotation.ts";

const angle = fc.double({ min: -3, max: 3, noNaN: true });

test("rows are orthonormal for any angles", () => {
  fc.assert(
    fc.property(fc.tuple(angle, angle, angle), (angles) => {
      const r = rotation(angles);
      r.forEach((a, i) => {
        r.forEach((b, j) => {
          const dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
          expect(dot).toBeCloseTo(i === j ? 1 : 0, 12);
        });
      });
    }),
  );
});

test("a quarter turn about z sends x to y", () => {
  const r = rotation([0, 0, Math.PI / 2]);
  expect(r.map((row) => row[0])).toEqual([expect.closeTo(0), expect.closeTo(1), expect.closeTo(0)]);
});
