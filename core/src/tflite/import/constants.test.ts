import { expect, test } from "vitest";
import { bytesOf } from "../../platform/bytes.ts";
import { constantOf, integersOf } from "./constants.ts";

const tensor = { name: "w", type: "int32", shape: [2], isVariable: false } as const;
const data = bytesOf(Int32Array.of(7, -1));

test("data becomes a tensor, and integers numbers", () => {
  expect(constantOf({ ...tensor, data })).toEqual({
    dtype: "int32",
    shape: [2],
    data: Int32Array.of(7, -1),
  });
  expect(integersOf({ ...tensor, data })).toEqual([7, -1]);
  expect([constantOf(tensor), integersOf(tensor)]).toEqual([undefined, undefined]);
  expect(integersOf({ ...tensor, shape: [0] })).toEqual([]);
});

test("floats are no integers", () => {
  expect(integersOf({ ...tensor, type: "float32", data })).toBeUndefined();
});

test("two 4-bit values share a byte, the low half first", () => {
  const packed = { ...tensor, type: "int4", shape: [3], data: Uint8Array.of(0xf7, 0x08) } as const;
  expect(constantOf(packed)?.data).toEqual(Int8Array.of(7, -1, -8));
});

test.for([
  ["TFLITE_INVALID", "as many bytes as type and shape say", { shape: [3] }],
  ["TFLITE_INVALID", "as many bytes as type and shape say", { shape: [2 ** 31, 2 ** 31] }],
  ["TFLITE_UNSUPPORTED", "constants of bfloat16 are not read", { type: "bfloat16" }],
] as const)("%s: %s", ([code, message, more]) => {
  expect(() => constantOf({ ...tensor, data, ...more })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});
