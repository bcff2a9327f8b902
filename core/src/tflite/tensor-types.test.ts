import { expect, test } from "vitest";
import { dtypeOfTflite, tfliteTypes } from "./tensor-types.ts";

test("numbers are the schema's", () => {
  const numbers = {
    float32: 0,
    int32: 2,
    uint8: 3,
    int64: 4,
    bool: 6,
    int16: 7,
    int8: 9,
    int4: 17,
  };
  for (const [type, number] of Object.entries(numbers)) expect(tfliteTypes[number]).toBe(type);
  expect(tfliteTypes).toHaveLength(23);
});

test("types that graphs have keep their name, others have none", () => {
  expect([dtypeOfTflite("int8"), dtypeOfTflite("resource"), dtypeOfTflite("string")]).toEqual([
    "int8",
    undefined,
    undefined,
  ]);
});
