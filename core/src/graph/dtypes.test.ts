import { expect, test } from "vitest";
import { codeOf } from "../platform/errors.ts";
import {
  byteLengthOf,
  checkTensor,
  dtypeOfOnnx,
  dtypeOfSafetensors,
  dtypes,
  isShape,
  tensorBytes,
  tensorFromBytes,
  zeros,
} from "./dtypes.ts";
import type { DType } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";

test("every dtype is found by its number and by its safetensors name", () => {
  for (const [dtype, row] of Object.entries(dtypes)) {
    expect(dtypeOfOnnx(row.onnx)).toBe(dtype);
    if (row.safetensors !== undefined) expect(dtypeOfSafetensors(row.safetensors)).toBe(dtype);
  }
  expect(dtypeOfOnnx(0)).toBeUndefined();
});

test("two 4-bit elements share a byte", () => {
  expect(byteLengthOf("int4", [3])).toBe(2);
  expect(byteLengthOf("float16", [3])).toBe(6);
});

test("aligned bytes are referred to, others are copied", () => {
  const buffer = new Uint8Array(16);
  expect(tensorFromBytes("float32", [2], buffer.subarray(4, 12)).data).toHaveProperty(
    "byteOffset",
    4,
  );
  expect(tensorFromBytes("float32", [2], buffer.subarray(1, 9)).data).toHaveProperty(
    "byteOffset",
    0,
  );
});

test.for<[DType, number[], number]>([
  ["float32", [2], 7],
  ["float32", [-1], 4],
  ["string", [1], 1],
  ["int8", [2 ** 40, 2 ** 40], 0],
])("bytes that do not fit %s %j are refused", ([dtype, shape, length]) => {
  let code = "";
  try {
    tensorFromBytes(dtype, shape, new Uint8Array(length));
  } catch (error) {
    code = codeOf(error);
  }
  expect(code).toBe("TENSOR_INVALID");
});

test("bytes and tensor are each other's inverse", () => {
  const bytes = tensorBytes(i64([1, -2]));
  expect(tensorFromBytes("int64", [2], bytes)).toEqual(i64([1, -2]));
});

test("a tensor whose data does not match is refused", () => {
  expect(() => checkTensor(f32([1, 2], [3]))).toThrow("expected 3 elements");
  expect(() =>
    checkTensor({ dtype: "int8", shape: [1], data: Uint8Array.of(1) as never }),
  ).toThrow();
  expect(checkTensor(zeros("float64", [2, 2]))).toBeUndefined();
});

test("sizes are exact or refused", () => {
  expect(isShape([2 ** 27, 2 ** 27])).toBe(false);
  expect(isShape([0, 2 ** 53])).toBe(false);
  expect(isShape([])).toBe(true);
});
