import { expect, test } from "vitest";
import { table } from "./table.ts";

test("columns are as wide as their widest cell, numbers to the right", () => {
  expect(
    table([
      ["a", 1, "x"],
      ["bbb", 20, ""],
    ]),
  ).toEqual(["a     1  x", "bbb  20"]);
});

test("rows may be of different length, or none at all", () => {
  expect(table([["a"], ["b", "c"]])).toEqual(["a", "b  c"]);
  expect(table([])).toEqual([]);
});
