import { expect, test } from "vitest";
import { orderedIn, placeIn } from "./axes.ts";

test("channels are axis 1 where they come first", () => {
  expect([0, 1, 2, 3].map((axis) => placeIn("first", axis))).toEqual([0, 2, 3, 1]);
  expect(placeIn("last", 3)).toBe(3);
  expect(orderedIn("first", ["N", "H", "W", "C"])).toEqual(["N", "C", "H", "W"]);
  expect(orderedIn("last", ["N", "H"])).toEqual(["N", "H"]);
});
