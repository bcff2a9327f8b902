import { expect, test } from "vitest";
import { codeOfName, nameOfCode } from "./operator-codes.ts";

// Numbers of BuiltinOperator in TensorFlow Lite's schema.fbs.
test.for([
  ["ADD", 0],
  ["CONV_2D", 3],
  ["CUSTOM", 32],
  ["UNIDIRECTIONAL_SEQUENCE_LSTM", 44],
  ["TRANSPOSE_CONV", 67],
  ["HARD_SWISH", 117],
  ["BATCH_MATMUL", 126],
  ["PLACEHOLDER_FOR_GREATER_OP_CODES", 127],
  ["VAR_HANDLE", 142],
  ["GELU", 150],
  ["RIGHT_SHIFT", 161],
  ["STABLEHLO_CASE", 209],
] as const)("%s is %i", ([name, code]) => {
  expect([nameOfCode(code), codeOfName(name)]).toEqual([name, code]);
});

test("what the schema does not have has a number but no name", () => {
  expect([nameOfCode(9999), codeOfName("CONV_9D")]).toEqual(["BUILTIN_9999", undefined]);
});
