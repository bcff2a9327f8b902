import { expect, test } from "vitest";
import { zeros } from "./dtypes.ts";
import { externalFrom } from "./onnx-external.ts";
import { onnxFields } from "./onnx-fields.ts";
import { readDType, readTensor, writeTensor } from "./onnx-tensor.ts";
import { readMessage } from "./protobuf-reader.ts";
import type { MessageWriter } from "./protobuf-writer.ts";
import { messageWriter } from "./protobuf-writer.ts";
import type { DType, Tensor } from "./tensor.ts";
import { f32, i64, scalar } from "./tensor.ts";

const fields = onnxFields.tensor;

function reread(write: (writer: MessageWriter) => void, files = new Map()): Tensor {
  const writer = messageWriter();
  write(writer);
  return readTensor(readMessage(writer.finish()), externalFrom(files));
}

const samples: readonly Tensor[] = [
  f32([1, -0, Number.POSITIVE_INFINITY], [3]),
  scalar(2),
  i64([-1, 2], [1, 2]),
  { dtype: "string", shape: [2], data: ["ä", ""] },
  { dtype: "int4", shape: [3], data: Uint8Array.of(0x21, 0x03) },
  zeros("float64", [0, 2]),
  zeros("bool", [2]),
];

test.for(samples.map((tensor) => [tensor.dtype, tensor] as const))("%s survives", ([, tensor]) => {
  expect(reread((writer) => writeTensor(writer, tensor, "t"))).toEqual(tensor);
});

// Which field holds which dtype: comments of TensorProto in onnx.proto.
test.for<[DType, number, number[], number[]]>([
  ["float32", fields.floats, [0.5, -1], [0.5, -1]],
  ["int32", fields.int32s, [-1, 2], [-1, 2]],
  ["int8", fields.int32s, [-1, 127], [-1, 127]],
  ["uint8", fields.int32s, [255, 0], [255, 0]],
  ["bool", fields.int32s, [1, 0], [1, 0]],
  ["int16", fields.int32s, [-2, 3], [-2, 3]],
  ["uint16", fields.int32s, [65535, 3], [65535, 3]],
  ["float16", fields.int32s, [0x3c00, 0], [0x3c00, 0]],
  ["int64", fields.int64s, [-5, 6], [-5, 6]],
  ["uint64", fields.uint64s, [5, 6], [5, 6]],
  ["uint32", fields.uint64s, [4294967295, 6], [4294967295, 6]],
])("%s is read from its typed field", ([dtype, field, written, expected]) => {
  const tensor = reread((writer) => {
    writer.ints(fields.dims, [2]);
    writer.int(fields.dtype, readDTypeCode(dtype));
    if (field === fields.floats) writer.floats(field, written);
    else writer.ints(field, written);
  });
  expect([tensor.dtype, Array.from(tensor.data, Number)]).toEqual([dtype, expected]);
});

const readDTypeCode = (dtype: DType): number =>
  Array.from({ length: 23 }, (_, code) => code).find((code) => {
    try {
      return readDType(BigInt(code)) === dtype;
    } catch {
      return false;
    }
  }) ?? 0;

test("data of another file is read from its place", () => {
  const file = Uint8Array.of(9, 9, 0, 0, 128, 63, 7);
  const tensor = reread(
    (writer) => {
      writer.int(fields.dtype, 1);
      writer.int(fields.location, 1);
      for (const [key, value] of [
        ["location", "w.bin"],
        ["offset", "2"],
        ["checksum", "not looked at"],
      ] as const) {
        writer.message(fields.external, (entry) => {
          entry.text(onnxFields.entry.key, key);
          entry.text(onnxFields.entry.value, value);
        });
      }
    },
    new Map([["w.bin", file]]),
  );
  expect(tensor).toEqual(scalar(1));
});

test.for<[string, number, (writer: MessageWriter) => void]>([
  ["ONNX_UNSUPPORTED", 16, () => undefined],
  ["ONNX_EXTERNAL_INVALID", 1, (w) => w.int(fields.location, 1)],
  ["ONNX_INVALID", 1, (w) => w.ints(fields.dims, new Array(65).fill(1))],
  ["ONNX_UNSUPPORTED", 1, (w) => w.bytes(fields.segment, new Uint8Array(0))],
  ["ONNX_INVALID", 1, (w) => w.ints(fields.dims, [2 ** 40, 2 ** 40])],
  ["ONNX_INVALID", 1, (w) => w.ints(fields.dims, [-1])],
  ["ONNX_INVALID", 1, (w) => w.ints(fields.dims, [500_000_000])],
  ["ONNX_INVALID", 8, (w) => w.ints(fields.dims, [2])],
])("what cannot be read gets %s", ([code, dtype, write]) => {
  let found: unknown;
  try {
    reread((writer) => {
      writer.int(fields.dtype, dtype);
      write(writer);
    });
  } catch (error) {
    found = error;
  }
  expect(found).toHaveProperty("code", code);
});
