import { fromUtf8, utf8 } from "../platform/bytes.ts";
import { EdgeloopError } from "../platform/errors.ts";
import {
  byteLengthOf,
  dtypeOfOnnx,
  dtypes,
  isShape,
  tensorBytes,
  tensorFromBytes,
} from "./dtypes.ts";
import type { ExternalReader } from "./onnx-external.ts";
import { externalRange } from "./onnx-external.ts";
import { onnxFields } from "./onnx-fields.ts";
import type { Message } from "./protobuf-reader.ts";
import type { MessageWriter } from "./protobuf-writer.ts";
import type { DType, Tensor } from "./tensor.ts";
import { sizeOf } from "./tensor.ts";

const fields = onnxFields.tensor;

/** Most dimensions of a tensor: runtimes' kernels end far below. */
const rankMax = 64;

/**
 * Reads a `TensorProto`; raw data is referred to where it is aligned, typed fields are copied.
 *
 * @param external Reads data that is in another file.
 * @throws `ONNX_INVALID` when data and shape disagree, `ONNX_UNSUPPORTED` for unknown dtypes, and what `external`
 *   throws.
 */
export function readTensor(message: Message, external: ExternalReader): Tensor {
  const shape = message.ints(fields.dims).map(Number);
  const dtype = readDType(message.int(fields.dtype));
  if (message.has(fields.segment)) throw unsupported("segmented tensors are not read", {});
  if (shape.length > rankMax || !isShape(shape)) {
    throw invalid("a tensor's dims must be sizes, at most 64", { shape: shape.slice(0, rankMax) });
  }
  const expected = dtype === "string" ? sizeOf(shape) : byteLengthOf(dtype, shape);
  if (dtype === "string") {
    const data = message.bytesAll(fields.strings).map(text);
    if (data.length !== expected) throw mismatch(message, shape, data.length);
    return { dtype, shape, data };
  }
  const bytes = bytesFrom(message, dtype, { expected, external });
  if (bytes.length !== expected) throw mismatch(message, shape, bytes.length);
  return tensorFromBytes(dtype, shape, bytes);
}

/** Maps ONNX's number of an element type. @throws `ONNX_UNSUPPORTED` */
export function readDType(code: bigint): DType {
  const dtype = dtypeOfOnnx(Number(code));
  if (dtype === undefined) throw unsupported("unknown element type", { code: Number(code) });
  return dtype;
}

/** Writes a tensor as a `TensorProto` with raw data (text in its own field). */
export function writeTensor(writer: MessageWriter, tensor: Tensor, name?: string): void {
  writer.ints(fields.dims, tensor.shape);
  writer.int(fields.dtype, dtypes[tensor.dtype].onnx);
  if (name !== undefined) writer.text(fields.name, name);
  if (tensor.dtype === "string") {
    for (const value of tensor.data) writer.bytes(fields.strings, utf8(value));
  } else {
    writer.bytes(fields.raw, tensorBytes(tensor));
  }
}

/** Element bytes from wherever the message has them. */
function bytesFrom(
  message: Message,
  dtype: Exclude<DType, "string">,
  { expected, external }: { readonly expected: number; readonly external: ExternalReader },
): Uint8Array {
  if (message.int(fields.location) === 1n || message.has(fields.external)) {
    return external(externalRange(message, expected));
  }
  return message.has(fields.raw) ? message.bytes(fields.raw) : typedBytes(message, dtype);
}

const bytesUnder = (array: ArrayBufferView<ArrayBuffer>): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Element bytes from the typed field that onnx.proto assigns to each dtype. */
function typedBytes(message: Message, dtype: Exclude<DType, "string">): Uint8Array {
  switch (dtype) {
    case "float32":
      return bytesUnder(Float32Array.from(message.floats(fields.floats)));
    case "float64":
      return bytesUnder(Float64Array.from(message.doubles(fields.doubles)));
    case "int64":
      return bytesUnder(message.int64s(fields.int64s));
    case "uint64":
      return bytesUnder(BigUint64Array.from(message.int64s(fields.uint64s)));
    case "uint32":
      return bytesUnder(Uint32Array.from(message.int64s(fields.uint64s), Number));
    case "int32":
      return bytesUnder(Int32Array.from(message.int64s(fields.int32s), Number));
    case "float16":
    case "int16":
    case "uint16":
      return bytesUnder(Uint16Array.from(message.int64s(fields.int32s), Number));
    case "int8":
    case "uint8":
    case "bool":
    case "int4":
    case "uint4":
      return Uint8Array.from(message.int64s(fields.int32s), Number);
  }
}

function text(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw invalid("text must be UTF-8", {}, cause);
  }
}

const mismatch = (message: Message, shape: readonly number[], found: number): EdgeloopError =>
  invalid("a tensor's data does not fit its dims", {
    name: message.text(fields.name),
    shape,
    found,
  });

const unsupported = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("ONNX_UNSUPPORTED", message, { details: { ...details } });

const invalid = (message: string, details: object, cause?: unknown): EdgeloopError =>
  new EdgeloopError("ONNX_INVALID", message, { details: { ...details }, cause });
