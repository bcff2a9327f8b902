import { expect, test } from "vitest";
import { utf8 } from "../platform/bytes.ts";
import { decodeTflite } from "../tflite/decode.ts";
import { encodeTflite } from "../tflite/encode.ts";
import type { TfliteModel, TfliteOperator, TfliteTensor } from "../tflite/model.ts";
import { readTfliteFile } from "./tflite-file.ts";

test.for<readonly [string, Uint8Array]>([
  ["nothing", new Uint8Array(0)],
  ["another format", utf8("just some text")],
  ["an identifier alone", utf8("\0\0\0\0TFL3")],
  ["an offset beyond the end", Uint8Array.of(255, 255, 255, 127, ...utf8("TFL3"))],
])("%s is MODEL_INVALID", ([, bytes]) => {
  expect(() => readTfliteFile(bytes)).toThrow(
    expect.objectContaining({
      code: "MODEL_INVALID",
      message: expect.stringContaining("expected a .tflite file"),
    }),
  );
});

const tensor = (name: string, rest: Partial<TfliteTensor> = {}): TfliteTensor => ({
  name,
  type: "float32",
  shape: [1, 3],
  isVariable: false,
  ...rest,
});
const relu: TfliteOperator = { op: "RELU", version: 1, inputs: [0], outputs: [1], options: {} };
const modelOf = (
  tensors: readonly TfliteTensor[],
  rest: Partial<TfliteModel> = {},
  operator = relu,
): Uint8Array =>
  encodeTflite({
    description: "",
    metadata: [],
    signatures: [],
    subgraphs: [{ name: "main", tensors, inputs: [0], outputs: [1], operators: [operator] }],
    ...rest,
  });

test("a file without fault stays as it is; names, dtypes and shapes are its own", () => {
  const bytes = modelOf([tensor("x"), tensor("y", { type: "int8", shape: [] })]);
  expect(readTfliteFile(bytes)).toEqual({
    bytes,
    inputs: [{ name: "x", dtype: "float32", shape: [1, 3] }],
    outputs: [{ name: "y", dtype: "int8", shape: [] }],
    customOperators: [],
    variables: [],
  });
});

test("open sizes, an axis beyond the rank and signatures are put right", () => {
  const quantization = { scales: [1, 2, 3], zeroPoints: [0, 0, 0], axis: 3 };
  const signature = {
    key: "serve",
    subgraph: 0,
    inputs: [{ name: "other", tensor: 0 }],
    outputs: [],
  };
  const bytes = modelOf([tensor("x", { shapeSignature: [-1, 3] }), tensor("y", { quantization })], {
    signatures: [signature],
  });
  const mended = decodeTflite(readTfliteFile(bytes).bytes);
  expect(mended.signatures).toEqual([]);
  expect(mended.subgraphs[0]?.tensors).toMatchObject([
    { name: "x", shape: [1, 3] },
    { name: "y", quantization: { ...quantization, axis: 0 } },
  ]);
  expect(mended.subgraphs[0]?.tensors[0]).not.toHaveProperty("shapeSignature");
});

test("variables and operators outside the built-in set are told by name", () => {
  const custom: TfliteOperator = { ...relu, op: "CUSTOM", custom: "SignalWindow" };
  const bytes = modelOf(
    [tensor("x"), tensor("y"), tensor("state", { isVariable: true })],
    {},
    custom,
  );
  expect(readTfliteFile(bytes)).toMatchObject({
    customOperators: ["SignalWindow"],
    variables: ["state"],
  });
});

test("inputs of text, and two outputs of one name, are MODEL_UNSUPPORTED", () => {
  const text = modelOf([tensor("x", { type: "string" }), tensor("y")]);
  expect(() => readTfliteFile(text)).toThrow(
    expect.objectContaining({ code: "MODEL_UNSUPPORTED" }),
  );
  const twice = { ...relu, outputs: [1, 2] };
  const subgraph = { name: "", tensors: [tensor("x"), tensor("y"), tensor("y")], inputs: [0] };
  const bytes = modelOf([], {
    subgraphs: [{ ...subgraph, outputs: [1, 2], operators: [twice] }],
  });
  expect(() => readTfliteFile(bytes)).toThrow("names of their own");
});

test("sizes of outputs that only a run tells stay open, but for the batch", () => {
  const bytes = modelOf([
    tensor("x", { shapeSignature: [-1, 3] }),
    tensor("y", { shape: [1, 1, 4], shapeSignature: [-1, -1, 4] }),
  ]);
  expect(readTfliteFile(bytes)).toMatchObject({
    inputs: [{ shape: [1, 3] }],
    outputs: [{ shape: [1, "?", 4] }],
  });
});
