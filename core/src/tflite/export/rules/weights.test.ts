import { expect, test } from "vitest";
import { weightsPart } from "./weights.ts";

test("a part of the output channels, along either axis", () => {
  const weights = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  expect(weightsPart(weights, 0, { from: 1, to: 2 })).toEqual({
    shape: [1, 3],
    data: Float32Array.of(4, 5, 6),
  });
  expect(weightsPart(weights, 1, { from: 0, to: 2 })).toEqual({
    shape: [2, 2],
    data: Float32Array.of(1, 2, 4, 5),
  });
});
