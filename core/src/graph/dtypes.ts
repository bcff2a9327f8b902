import { bytesOf } from "../platform/bytes.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { DType, Tensor } from "./tensor.ts";
import { sizeOf } from "./tensor.ts";

type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

type NumberArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumberArray;
  new (length: number): NumberArray;
};

/** What the wire formats and the checks need to know of an element type. */
export type DTypeRow = {
  /** Number in ONNX's `TensorProto.DataType`. */
  readonly onnx: number;
  /** Bits an element; 0 for text, which has no fixed size. */
  readonly bits: number;
  /** Constructor of the array that holds elements; absent for text. */
  readonly array?: NumberArrayConstructor;
  /** Name in the safetensors format; absent where it has none. */
  readonly safetensors?: string;
  /** numpy's `dtype.str` on a little-endian machine; absent where it has none. */
  readonly numpy?: string;
};

/** All element types. Numbers: onnx.proto `TensorProto.DataType`; names: the safetensors format description. */
export const dtypes: Readonly<Record<DType, DTypeRow>> = {
  float32: { onnx: 1, bits: 32, array: Float32Array, safetensors: "F32", numpy: "<f4" },
  uint8: { onnx: 2, bits: 8, array: Uint8Array, safetensors: "U8", numpy: "|u1" },
  int8: { onnx: 3, bits: 8, array: Int8Array, safetensors: "I8", numpy: "|i1" },
  uint16: { onnx: 4, bits: 16, array: Uint16Array, safetensors: "U16", numpy: "<u2" },
  int16: { onnx: 5, bits: 16, array: Int16Array, safetensors: "I16", numpy: "<i2" },
  int32: { onnx: 6, bits: 32, array: Int32Array, safetensors: "I32", numpy: "<i4" },
  int64: { onnx: 7, bits: 64, array: BigInt64Array, safetensors: "I64", numpy: "<i8" },
  string: { onnx: 8, bits: 0 },
  bool: { onnx: 9, bits: 8, array: Uint8Array, safetensors: "BOOL", numpy: "|b1" },
  float16: { onnx: 10, bits: 16, array: Uint16Array, safetensors: "F16", numpy: "<f2" },
  float64: { onnx: 11, bits: 64, array: Float64Array, safetensors: "F64", numpy: "<f8" },
  uint32: { onnx: 12, bits: 32, array: Uint32Array, safetensors: "U32", numpy: "<u4" },
  uint64: { onnx: 13, bits: 64, array: BigUint64Array, safetensors: "U64", numpy: "<u8" },
  uint4: { onnx: 21, bits: 4, array: Uint8Array },
  int4: { onnx: 22, bits: 4, array: Uint8Array },
};

const dtypeEntries = Object.entries(dtypes) as readonly [DType, DTypeRow][];

/** Finds the element type with a number of ONNX's; undefined when edgeloop has none. */
export const dtypeOfOnnx = (code: number): DType | undefined =>
  dtypeEntries.find(([, row]) => row.onnx === code)?.[0];

/** Finds the element type with a safetensors name; undefined when edgeloop has none. */
export const dtypeOfSafetensors = (name: string): DType | undefined =>
  dtypeEntries.find(([, row]) => row.safetensors === name)?.[0];

/** Finds the element type of numpy's `dtype.str`; undefined when edgeloop has none or it is big-endian. */
export const dtypeOfNumpy = (descr: string): DType | undefined => {
  const isOneByte = descr.length === 3 && descr.endsWith("1");
  const little = isOneByte ? `|${descr.slice(1)}` : descr.replace(/^=/, "<");
  return dtypeEntries.find(([, row]) => row.numpy !== undefined && row.numpy === little)?.[0];
};

/** Counts the bytes of a dense tensor; two int4 share a byte. Text counts 0. */
export const byteLengthOf = (dtype: DType, shape: readonly number[]): number =>
  Math.ceil((sizeOf(shape) * dtypes[dtype].bits) / 8);

/** Tells whether numbers are dimensions of a tensor whose size is exactly representable. */
export const isShape = (shape: readonly number[]): boolean =>
  shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) &&
  Number.isSafeInteger(shape.reduce((size, dim) => size * Math.max(dim, 1), 1));

/**
 * Reads little-endian element bytes as a tensor; copied only where they are not aligned.
 *
 * @throws `TENSOR_INVALID` for text, an impossible shape, or bytes that do not fit it.
 * @example
 * tensorFromBytes("int16", [2], Uint8Array.of(1, 0, 255, 255)).data; // => Int16Array.of(1, -1)
 */
export function tensorFromBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  const { array } = dtypes[dtype];
  if (array === undefined || !isShape(shape) || bytes.length !== byteLengthOf(dtype, shape)) {
    throw new EdgeloopError("TENSOR_INVALID", "expected as many bytes as dtype and shape say", {
      details: { dtype, shape, bytes: bytes.length },
    });
  }
  // A copy through the constructor: `slice` of Node's Buffer would be a view on the same unaligned bytes.
  const isAligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0;
  const aligned = isAligned ? bytes : new Uint8Array(bytes);
  const length = bytes.length / array.BYTES_PER_ELEMENT;
  return { dtype, shape, data: new array(aligned.buffer, aligned.byteOffset, length) } as Tensor;
}

/**
 * Gives the element bytes of a tensor, little-endian, without a copy.
 *
 * @throws `TENSOR_INVALID` for text, which has no fixed-size elements.
 */
export function tensorBytes(tensor: Tensor): Uint8Array {
  if (tensor.dtype === "string") {
    throw new EdgeloopError("TENSOR_INVALID", "text tensors have no element bytes");
  }
  return bytesOf(tensor.data);
}

/** Makes a tensor of zeros (false, for bool). */
export function zeros(dtype: Exclude<DType, "string">, shape: readonly number[]): Tensor {
  return tensorFromBytes(dtype, shape, new Uint8Array(byteLengthOf(dtype, shape)));
}

/**
 * Checks that a tensor's data is the kind and length that its dtype and shape promise.
 *
 * @throws `TENSOR_INVALID` saying what was expected.
 */
export function checkTensor(tensor: Tensor): void {
  const { array, bits } = dtypes[tensor.dtype];
  const expected = bits === 4 ? byteLengthOf(tensor.dtype, tensor.shape) : sizeOf(tensor.shape);
  const kindIsRight =
    array === undefined ? Array.isArray(tensor.data) : tensor.data instanceof array;
  if (isShape(tensor.shape) && kindIsRight && tensor.data.length === expected) return;
  throw new EdgeloopError("TENSOR_INVALID", `expected ${expected} elements of ${tensor.dtype}`, {
    details: { dtype: tensor.dtype, shape: tensor.shape, length: tensor.data.length },
  });
}
