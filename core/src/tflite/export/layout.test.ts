import { expect, test } from "vitest";
import {
  hasChannels,
  permuted,
  storedAxes,
  storedAxis,
  storedList,
  storedShape,
} from "./layout.ts";

test("channels last: four axes reordered, three as an image of height 1", () => {
  expect(storedShape("last", [1, 2, 3, 4])).toEqual([1, 3, 4, 2]);
  expect(storedShape("last", [1, 2, 3])).toEqual([1, 1, 3, 2]);
  expect(storedShape("first", [1, 2, 3])).toEqual([1, 2, 3]);
  expect(storedShape(2, [1, 6])).toEqual([1, 6]);
  expect(storedAxes("last", 3)).toEqual([0, -1, 2, 1]);
  expect([storedAxis("last", 4, 1), storedAxis("last", 3, 2), storedAxis("first", 3, 2)]).toEqual([
    3, 2, 2,
  ]);
  expect(storedList("last", [0, 5, 7], 1)).toEqual([0, 1, 7, 5]);
  expect([2, 3, 4, 5].map(hasChannels)).toEqual([false, true, true, false]);
});

test("elements follow their axes", () => {
  // [[0, 1, 2], [3, 4, 5]] transposed.
  expect(permuted(Float32Array.of(0, 1, 2, 3, 4, 5), [2, 3], [1, 0])).toEqual(
    Float32Array.of(0, 3, 1, 4, 2, 5),
  );
  const cube = Int8Array.from({ length: 8 }, (_, at) => at);
  expect(permuted(cube, [2, 2, 2], [2, 0, 1])).toEqual(Int8Array.of(0, 2, 4, 6, 1, 3, 5, 7));
  expect(permuted(permuted(cube, [2, 2, 2], [2, 0, 1]), [2, 2, 2], [1, 2, 0])).toEqual(cube);
});
