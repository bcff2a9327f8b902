import { expect, test } from "vitest";
import { codeOfName } from "../operator-codes.ts";
import { importedOperators, importRowOf } from "./rows.ts";

test("the operators that are imported are these, and operators of the schema", () => {
  expect(importedOperators.join(" ")).toBe(
    "ADD AVERAGE_POOL_2D BATCH_MATMUL CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEQUANTIZE DIV ELU EXPAND_DIMS " +
      "FULLY_CONNECTED GATHER HARD_SWISH LEAKY_RELU LOGISTIC MAX_POOL_2D MEAN MIRROR_PAD MUL PACK PAD PRELU QUANTIZE " +
      "RELU RELU6 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR SHAPE SLICE SOFTMAX SPLIT SQUEEZE STRIDED_SLICE SUB " +
      "SUM TANH TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK",
  );
  for (const op of importedOperators) expect(codeOfName(op), op).toBeDefined();
});

test("others have no row", () => {
  expect([importRowOf("VAR_HANDLE"), importRowOf("toString")]).toEqual([undefined, undefined]);
});
