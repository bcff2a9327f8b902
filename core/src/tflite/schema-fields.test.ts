import { expect, test } from "vitest";
import { tfliteFields } from "./schema-fields.ts";

// Places of fields in TensorFlow Lite's schema.fbs, where each field of a union counts twice.
test("field numbers are the schema's", () => {
  expect(tfliteFields).toMatchObject({
    model: { version: 0, buffers: 4, signatures: 7 },
    tensor: { quantization: 4, variable: 5, signature: 7 },
    quantization: { scales: 2, zeroPoints: 3, axis: 6 },
    operator: { optionsTag: 3, options: 4, custom: 5, intermediates: 8 },
  });
});

test("no table has two fields at one place", () => {
  for (const [table, fields] of Object.entries(tfliteFields)) {
    expect(new Set(Object.values(fields)).size, table).toBe(Object.keys(fields).length);
  }
});
