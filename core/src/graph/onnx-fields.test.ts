import { expect, test } from "vitest";
import {
  onnxAttributeTypes,
  onnxDomainVersions,
  onnxFields,
  onnxIrVersion,
} from "./onnx-fields.ts";

test("no message gives one number to two fields", () => {
  for (const [name, fields] of Object.entries({ ...onnxFields, onnxAttributeTypes })) {
    const numbers = Object.values(fields);
    expect(new Set(numbers).size, name).toBe(numbers.length);
  }
});

// ONNX docs/Versioning.md: IR version 10 came with release 1.16, which has opset 21.
test("versions are those of release 1.16 or older", () => {
  expect([onnxIrVersion, onnxDomainVersions.get("ai.onnx.ml")]).toEqual([10, 3]);
});
