import { expect, test } from "vitest";
import { int } from "./builder.ts";
import type { Known, Site } from "./operator.ts";
import {
  axisAttribute,
  elementsMax,
  inputOf,
  integersOf,
  known,
  needDType,
  needEqual,
  needRank,
  needSameDType,
  openShape,
} from "./operator.ts";

const site = (...inputs: (Known | undefined)[]): Site => ({
  node: { name: "n", op: "Op", inputs: [], outputs: ["y", "z"], attributes: { axis: int(-1) } },
  inputs,
  body: () => [],
});

test("what does not fit is refused, naming operator and node", () => {
  const place = site({ dtype: "float32", shape: [2] }, { dtype: "int64" });
  expect(() => inputOf(place, 2)).toThrow('Op "n": input 2 is required');
  expect(() => needDType(place, 0, ["bool"])).toThrow("input 0 is float32, expected bool");
  expect(() => needSameDType(place, [0, 1])).toThrow("float32 and int64");
  expect(() => needRank(place, 0, 3)).toThrow("rank 1, expected 3");
  expect(() => needEqual(place, "sizes", 2, 3)).toThrow("sizes must be equal, not 2 and 3");
  expect(() => axisAttribute(place, 0, 0)).toThrow("axis -1 is outside rank 0");
});

test("what is unknown passes", () => {
  const place = site({ dtype: "float32" }, undefined);
  needRank(place, 0, 3);
  needSameDType(place, [0, 1]);
  needEqual(place, "sizes", "N", 3);
  expect(axisAttribute(place, 2, 0)).toBe(1);
});

test("an open dimension is named after its value and axis", () => {
  expect(openShape(site(), 2, 1)).toEqual(["z_0", "z_1"]);
  expect(() => openShape(site(), 1e9)).toThrow("beyond 64");
});

test("contents are kept while they are small, and numbers only when all are", () => {
  expect(known("int64", [1], new Array(elementsMax + 1).fill(0)).elements).toBeUndefined();
  expect(integersOf(known("int64", [2], [1, "N"]))).toBeUndefined();
  expect(integersOf(known("int64", [2], [1, 2]))).toEqual([1, 2]);
});
