import { expect, test } from "vitest";
import { f32 } from "../../graph/tensor.ts";
import { permute, toFirst, toLast } from "./permute.ts";

test("a matrix is turned", () => {
  expect(permute(f32([1, 2, 3, 4, 5, 6], [2, 3]), [1, 0])).toEqual(f32([1, 4, 2, 5, 3, 6], [3, 2]));
});

test("channels first and back again is the same", () => {
  const image = f32(
    Float32Array.from({ length: 120 }, (_, i) => i),
    [2, 3, 4, 5],
  );
  const first = permute(image, toFirst);
  expect(first.shape).toEqual([2, 5, 3, 4]);
  // Channel 1 of the first place: the second number of the file.
  expect(first.data[12]).toBe(1);
  expect(permute(first, toLast)).toEqual(image);
});

test("what stays where it is is not copied, and 64-bit integers are moved too", () => {
  const tensor = f32([1, 2], [1, 2]);
  expect(permute(tensor, [0, 1])).toBe(tensor);
  const long = { dtype: "int64", shape: [2, 1], data: BigInt64Array.of(1n, 2n) } as const;
  expect(permute(long, [1, 0])).toEqual({ ...long, shape: [1, 2] });
});
