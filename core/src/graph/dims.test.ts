import { expect, test } from "vitest";
import { axisOf, broadcast, countOf, differ, isStatic, merge, quotient } from "./dims.ts";

const open = (axis: number): string => `open${axis}`;

test.for([
  [[2, 3], [3], [2, 3]],
  [["N", 1], [4], ["N", 4]],
  [["N"], [1], ["N"]],
  [["N"], [5], [5]],
  [["N"], ["M"], ["open0"]],
  [["N"], ["N"], ["N"]],
  [[], [2], [2]],
  [[2], [3], undefined],
] as const)("%j with %j broadcasts to %j", ([a, b, expected]) => {
  expect(broadcast(a, b, open)).toEqual(expected);
});

test("counts divide, names cancel once each", () => {
  expect(quotient(["N", 6, "N"], ["N", 3])).toBeUndefined();
  expect(quotient(["N", 6, "N"], ["N", 6])).toBe("N");
  expect(quotient([6], [4])).toBeUndefined();
  expect(quotient([0], [0])).toBeUndefined();
  expect(quotient(["N"], ["M"])).toBeUndefined();
  expect([countOf([2, 3]), countOf(["N"]), countOf(undefined)]).toEqual([6, undefined, undefined]);
});

test("axes count from both ends", () => {
  expect([axisOf(-1, 3), axisOf(0, 3), axisOf(3, 3), axisOf(-4, 3), axisOf(0.5, 3)]).toEqual([
    2,
    0,
    undefined,
    undefined,
    undefined,
  ]);
});

test("names may be any size, numbers only their own", () => {
  expect([differ(2, 3), differ(2, 2), differ("N", 2)]).toEqual([true, false, false]);
  expect([merge("N", 2), merge(2, "N"), isStatic([1, "N"]), isStatic([1])]).toEqual([
    2,
    2,
    false,
    true,
  ]);
});
