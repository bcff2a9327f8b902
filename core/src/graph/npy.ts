import { concatBytes, fromUtf8, utf8 } from "../platform/bytes.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { npyHeaderBytesMax } from "../platform/limits.ts";
import {
  byteLengthOf,
  checkTensor,
  dtypeOfNumpy,
  dtypes,
  isShape,
  tensorBytes,
  tensorFromBytes,
} from "./dtypes.ts";
import { npyHeaderOf } from "./npy-header.ts";
import type { DType, Tensor } from "./tensor.ts";
import { sizeOf } from "./tensor.ts";

/** The first bytes of every `.npy` file. */
export const npyMagic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const alignmentBytes = 64;

/**
 * Writes a tensor as a `.npy` file: version 1.0, little-endian, in C order.
 *
 * @throws `NPY_UNSUPPORTED` for text and 4-bit tensors, `TENSOR_INVALID`.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @example
 * decodeNpy(encodeNpy(f32([1, 2, 3, 4], [2, 2]))).shape; // => [2, 2]
 */
export function encodeNpy(tensor: Tensor): Uint8Array<ArrayBuffer> {
  checkTensor(tensor);
  const { numpy } = dtypes[tensor.dtype];
  if (numpy === undefined) throw unsupported("numpy has no such dtype", { dtype: tensor.dtype });
  // A tuple of one has a comma in Python.
  const shape =
    tensor.shape.length === 1 ? `(${tensor.shape[0]},)` : `(${tensor.shape.join(", ")})`;
  const header = `{'descr': '${numpy}', 'fortran_order': False, 'shape': ${shape}, }`;
  const start = npyMagic.length + 4;
  const end = Math.ceil((start + header.length + 1) / alignmentBytes) * alignmentBytes;
  const length = end - start;
  const lead = Uint8Array.of(...npyMagic, 1, 0, length & 0xff, length >> 8);
  return concatBytes([lead, utf8(`${header.padEnd(length - 1)}\n`), tensorBytes(tensor)]);
}

/**
 * Reads a `.npy` file of version 1 to 3. Data in C order is not copied where it is aligned.
 *
 * @throws `NPY_INVALID` when header and bytes do not agree, `NPY_UNSUPPORTED` for big-endian data and for dtypes that
 * edgeloop does not have.
 */
export function decodeNpy(bytes: Uint8Array): Tensor {
  const { header, body } = split(bytes);
  const { descr, isFortran, shape } = npyHeaderOf(header);
  const dtype = dtypeOfNumpy(descr);
  if (dtype === undefined) {
    throw unsupported("expected little-endian numbers or booleans", { descr });
  }
  if (!isShape(shape) || byteLengthOf(dtype, shape) !== body.length) {
    throw invalid("the data must be as long as dtype and shape say", {
      dtype,
      shape,
      bytes: body.length,
    });
  }
  if (!isFortran || shape.length < 2) return tensorFromBytes(dtype, shape, body);
  return tensorFromBytes(dtype, shape, rowMajor(dtype, shape, body));
}

function split(bytes: Uint8Array): { header: string; body: Uint8Array } {
  const major = bytes[npyMagic.length];
  const isWide = major === 2 || major === 3;
  const start = npyMagic.length + (isWide ? 6 : 4);
  if (bytes.length < start || npyMagic.some((byte, at) => bytes[at] !== byte)) {
    throw invalid("a file starts with NUMPY, a version and its header's length", {});
  }
  if (major !== 1 && !isWide) throw unsupported("expected version 1 to 3", { version: major });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = isWide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > Math.min(bytes.length - start, npyHeaderBytesMax)) {
    throw invalid("the header is longer than the file or the limit", { length });
  }
  const header = bytes.subarray(start, start + length);
  return { header: textOf(header), body: bytes.subarray(start + length) };
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw invalid("the header must be text", {}, cause);
  }
}

/** Puts elements whose first axis moves fastest into the order where the last one does. */
function rowMajor(dtype: DType, shape: readonly number[], body: Uint8Array): Uint8Array {
  const width = dtypes[dtype].bits / 8;
  const count = sizeOf(shape);
  const result = new Uint8Array(body.length);
  const strides = shape.map((_, axis) => width * sizeOf(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  for (let at = 0; at < count; at += 1) {
    const from = index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), 0);
    for (let byte = 0; byte < width; byte += 1) {
      result[at * width + byte] = body[from + byte] ?? 0;
    }
    advance(index, shape);
  }
  return result;
}

/** Counts up in row-major order, in place. */
function advance(index: number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const next = (index[axis] ?? 0) + 1;
    if (next < (shape[axis] ?? 0)) {
      index[axis] = next;
      return;
    }
    index[axis] = 0;
  }
}

const unsupported = (message: string, details: object): EdgeloopError =>
  new EdgeloopError("NPY_UNSUPPORTED", message, { details: { ...details } });

const invalid = (message: string, details: object, cause?: unknown): EdgeloopError =>
  new EdgeloopError("NPY_INVALID", message, { details: { ...details }, cause });
