import { expect, test } from "vitest";
import { codeOfName } from "../operator-codes.ts";
import { importedOperators, importRowOf } from "./rows.ts";

test("the operators that are imported are these, and operators of the schema", () => {
  expect(importedOperators.join(" ")).toBe(
    "ABS ADD ARG_MAX ARG_MIN AVERAGE_POOL_2D BATCH_MATMUL BROADCAST_TO CAST CEIL " +
      "CONCATENATION CONV_2D COS CUMSUM DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV ELU " +
      "EQUAL EXP EXPAND_DIMS FLOOR FULLY_CONNECTED GATHER GATHER_ND GELU GREATER " +
      "GREATER_EQUAL HARD_SWISH LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT " +
      "LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MAX_POOL_2D MEAN MINIMUM MIRROR_PAD MUL NEG " +
      "NOT_EQUAL PACK PAD PADV2 POW PRELU QUANTIZE REDUCE_MAX REDUCE_MIN REDUCE_PROD RELU " +
      "RELU6 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR ROUND RSQRT " +
      "SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE " +
      "SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM TANH TILE TRANSPOSE TRANSPOSE_CONV " +
      "UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK",
  );
  for (const op of importedOperators) expect(codeOfName(op), op).toBeDefined();
});

test("others have no row", () => {
  expect([importRowOf("VAR_HANDLE"), importRowOf("toString")]).toEqual([undefined, undefined]);
});
