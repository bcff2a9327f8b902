import fc from "fast-check";
import { expect, test } from "vitest";
import { haveModelFiles, modelFiles, readModelFile } from "../../../test/model-files.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { decodeTflite, isTflite } from "./decode.ts";
import { encodeTflite } from "./encode.ts";
import type { FlatField, FlatFields } from "./flat-writer.ts";
import { writeFlat } from "./flat-writer.ts";

/** Needs the model files beside the checkout. */
const testOnFiles = test.skipIf(!haveModelFiles);

const u32 = (value: number): FlatField => ({ kind: "number", type: "u32", value });
const i8 = (value: number): FlatField => ({ kind: "number", type: "i8", value });
const i32s = (...values: readonly number[]): FlatField => ({
  kind: "numbers",
  type: "i32",
  values,
});
const tables = (...values: readonly FlatFields[]): FlatField => ({ kind: "tables", values });

/** A file with one subgraph: one tensor, one operator, what a test gives instead. */
function file(parts: {
  readonly version?: number;
  readonly tensor?: FlatFields;
  readonly operator?: FlatFields;
  readonly outputs?: FlatField;
  readonly buffer?: FlatFields;
}): Uint8Array {
  const { version = 3, tensor = [i32s(2), i8(0)], operator, outputs, buffer = [] } = parts;
  const operators = operator ? tables(operator) : undefined;
  const subgraph: FlatFields = [tables(tensor), i32s(0), outputs, operators];
  return writeFlat(
    [u32(version), tables([i8(0)]), tables(subgraph), undefined, tables([], buffer)],
    "TFL3",
  );
}

test("the smallest file is read", () => {
  const [subgraph] = decodeTflite(file({ operator: [u32(0), i32s(0, -1), i32s(0)] })).subgraphs;
  expect(subgraph?.tensors).toEqual([{ name: "", type: "float32", shape: [2], isVariable: false }]);
  expect(subgraph?.operators).toMatchObject([{ op: "ADD", version: 1, inputs: [0, -1] }]);
});

test("data behind the FlatBuffers part is found by its place", () => {
  const bytes = file({
    tensor: [i32s(1), i8(0), u32(1)],
    buffer: [undefined, { kind: "number", type: "u64", value: 4 }, u64(4)],
  });
  expect(decodeTflite(bytes).subgraphs[0]?.tensors[0]?.data).toEqual(bytes.subarray(4, 8));
});
const u64 = (value: number): FlatField => ({ kind: "number", type: "u64", value });

test("a table of another operator's settings counts as none, as in kernels", () => {
  const softmax: FlatField = { kind: "number", type: "u8", value: 9 };
  const beta: FlatField = { kind: "table", value: [{ kind: "number", type: "f32", value: 2 }] };
  const bytes = file({ operator: [u32(0), i32s(0), i32s(0), softmax, beta] });
  expect(decodeTflite(bytes).subgraphs[0]?.operators[0]?.options).toEqual({
    fused_activation_function: "NONE",
    pot_scale_int16: true,
  });
});

const scales: FlatField = { kind: "numbers", type: "f32", values: [1, 2] };
const zeroPoints: FlatField = { kind: "numbers", type: "i64", values: [1, 2, 3] };
const quantized = (fields: FlatFields): FlatFields => [
  ...[i32s(2), i8(9), u32(0), undefined],
  { kind: "table", value: fields },
];

test.for([
  ["TFLITE_INVALID", "version must be 3, not 2", { version: 2 }],
  ["TFLITE_INVALID", "no such tensor", { outputs: i32s(1) }],
  ["TFLITE_INVALID", "no such tensor", { outputs: i32s(-1) }],
  ["TFLITE_INVALID", "no such tensor", { operator: [u32(0), i32s(-2)] }],
  ["TFLITE_INVALID", "no such operator code", { operator: [u32(5)] }],
  ["TFLITE_INVALID", "no such buffer", { tensor: [i32s(2), i8(0), u32(9)] }],
  ["TFLITE_INVALID", "a negative size", { tensor: [i32s(-2), i8(0)] }],
  ["TFLITE_INVALID", "must have one rank", { tensor: [...Array(7).fill(undefined), i32s(1)] }],
  [
    "TFLITE_INVALID",
    "a zero point for each scale",
    { tensor: quantized([undefined, undefined, scales, zeroPoints]) },
  ],
  ["TFLITE_INVALID", "buffer reaches outside", { buffer: [undefined, u64(8), u64(9999)] }],
  ["TFLITE_UNSUPPORTED", "element type is newer", { tensor: [i32s(2), i8(77)] }],
  [
    "TFLITE_UNSUPPORTED",
    "sparse tensors",
    { tensor: [...Array(6).fill(undefined), { kind: "table", value: [] }] },
  ],
  ["TFLITE_UNSUPPORTED", "other files", { tensor: [...Array(10).fill(undefined), u32(1)] }],
  [
    "TFLITE_UNSUPPORTED",
    "scales by block",
    { tensor: quantized([...Array(4).fill(undefined), i8(2)]) },
  ],
] as const)("%s: %s", ([code, message, parts]) => {
  expect(() => decodeTflite(file(parts as Parameters<typeof file>[0]))).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test("a signature that names no subgraph or tensor is refused", () => {
  const subgraph: FlatFields = [tables([i32s(2), i8(0)])];
  const signed = (signature: FlatFields): Uint8Array =>
    writeFlat([u32(3), ...Array(1), tables(subgraph), ...Array(4), tables(signature)], "TFL3");
  expect(() => decodeTflite(signed([...Array(4), u32(1)]))).toThrow("names no subgraph");
  expect(() => decodeTflite(signed([tables([undefined, u32(3)])]))).toThrow("no such tensor");
});

test("a file without a subgraph is refused", () => {
  expect(() => decodeTflite(writeFlat([u32(3)], "TFL3"))).toThrow("a model needs a subgraph");
});

test("bytes are known by their letters", () => {
  expect([isTflite(file({})), isTflite(new Uint8Array(4))]).toEqual([true, false]);
});

testOnFiles("every model file is the same after writing and reading", () => {
  const files = modelFiles("**/*.tflite");
  expect(files.length).toBeGreaterThan(40);
  for (const path of files) {
    const model = decodeTflite(readModelFile(path));
    expect(decodeTflite(encodeTflite(model)), path).toEqual(model);
  }
});

/** A value or a coded error; anything else fails the test. */
function survives(bytes: Uint8Array): boolean {
  try {
    return decodeTflite(bytes).subgraphs.length > 0;
  } catch (error) {
    if (error instanceof EdgeloopError) return true;
    throw error;
  }
}

const mutated = [
  "tflm-hello_world/hello_world_int8.tflite",
  "tflm-mnist_lstm/trained_lstm_int8.tflite",
  "esphome-mww/vad.tflite",
];

testOnFiles("changed bytes of real files give a value or a coded error", () => {
  for (const bytes of mutated.map(readModelFile)) {
    const change = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const broken = bytes.slice();
        for (const [at, byte] of changes) broken[at] = byte;
        expect(survives(broken)).toBe(true);
      }),
      { numRuns: 300 },
    );
  }
});

testOnFiles("words that lie about lengths and places give a value or a coded error", () => {
  for (const bytes of mutated.map(readModelFile)) {
    const word = fc.oneof(fc.integer(), fc.integer({ min: -64, max: 64 }), fc.nat(bytes.length));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length / 4 - 1 }), word, (at, value) => {
        const broken = bytes.slice();
        new DataView(broken.buffer).setInt32(4 * at, value, true);
        expect(survives(broken)).toBe(true);
      }),
      { numRuns: 500 },
    );
  }
});

testOnFiles("a file cut anywhere gives a value or a coded error", () => {
  const bytes = readModelFile("tflm-hello_world/hello_world_int8.tflite");
  for (let end = 0; end < bytes.length; end += 1) {
    expect(survives(bytes.subarray(0, end)), `${end}`).toBe(true);
  }
});
