import { concatBytes, fromUtf8, utf8 } from "../platform/bytes.ts";
import { EdgeloopError } from "../platform/errors.ts";
import {
  byteLengthOf,
  checkTensor,
  dtypeOfSafetensors,
  dtypes,
  isShape,
  tensorBytes,
  tensorFromBytes,
} from "./dtypes.ts";
import type { DType, Tensor } from "./tensor.ts";

/** Longest JSON header, bytes: the limit of the format's reference implementation. */
export const safetensorsHeaderBytesMax = 100_000_000;

const alignmentBytes = 8;
const metadataKey = "__metadata__";

type Entry = {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
};

/**
 * Writes tensors as a `.safetensors` file. The bytes depend on the content alone, not on the map's order.
 *
 * @param metadata Free text that travels in the header.
 * @throws `SAFETENSORS_UNSUPPORTED` for text and 4-bit tensors, `TENSOR_INVALID`.
 * @see https://huggingface.co/docs/safetensors (format)
 * @example
 * decodeSafetensors(encodeSafetensors(new Map([["w", f32([1, 2])]]))).get("w")?.shape; // => [2]
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(byAlignmentThenName);
  const header: [string, unknown][] =
    Object.keys(metadata).length === 0 ? [] : [[metadataKey, metadata]];
  let at = 0;
  for (const [name, tensor] of sorted) {
    checkTensor(tensor);
    const dtype = dtypes[tensor.dtype].safetensors;
    if (dtype === undefined || name === metadataKey) {
      throw new EdgeloopError("SAFETENSORS_UNSUPPORTED", "the format has no such name or dtype", {
        details: { name, dtype: tensor.dtype },
      });
    }
    const end = at + tensorBytes(tensor).length;
    header.push([name, { dtype, shape: tensor.shape, data_offsets: [at, end] }]);
    at = end;
  }
  const json = utf8(JSON.stringify(Object.fromEntries(header)));
  const padded = new Uint8Array(Math.ceil(json.length / alignmentBytes) * alignmentBytes).fill(32);
  padded.set(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return concatBytes([length, padded, ...sorted.map(([, tensor]) => tensorBytes(tensor))]);
}

/**
 * Reads a `.safetensors` file. Tensor data is not copied where it is aligned.
 *
 * @throws `SAFETENSORS_INVALID` on any byte that is not accounted for, `SAFETENSORS_UNSUPPORTED` for an unknown dtype.
 */
export function decodeSafetensors(bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  const { header, body } = split(bytes);
  const entries = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => entryOf(name, value));
  let at = 0;
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== at || entry.end - entry.begin !== byteLengthOf(entry.dtype, entry.shape)) {
      throw invalid("offsets must be without gaps and fit dtype and shape", { name: entry.name });
    }
    at = entry.end;
  }
  if (at !== body.length) throw invalid("data must end with its last tensor", { at });
  return new Map(
    entries.map(({ name, dtype, shape, begin, end }) => [
      name,
      tensorFromBytes(dtype, shape, body.subarray(begin, end)),
    ]),
  );
}

/** Reads the free text in a file's header. @throws `SAFETENSORS_INVALID` */
export function safetensorsMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  const metadata = split(bytes).header[metadataKey] ?? {};
  if (!isRecord(metadata) || !Object.values(metadata).every((v) => typeof v === "string")) {
    throw invalid("metadata must map text to text");
  }
  return metadata as Record<string, string>;
}

function byAlignmentThenName([a, x]: [string, Tensor], [b, y]: [string, Tensor]): number {
  const wider = dtypes[y.dtype].bits - dtypes[x.dtype].bits;
  if (wider !== 0) return wider;
  return a < b ? -1 : 1;
}

function split(bytes: Uint8Array): { header: Readonly<Record<string, unknown>>; body: Uint8Array } {
  if (bytes.length < 8) throw invalid("a file has at least 8 bytes", { bytes: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > Math.min(bytes.length - 8, safetensorsHeaderBytesMax)) {
    throw invalid("the header is longer than the file or the limit", { length });
  }
  const header = parse(bytes.subarray(8, 8 + length));
  if (!isRecord(header)) throw invalid("the header must be a JSON object");
  return { header, body: bytes.subarray(8 + length) };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    throw invalid("the header must be JSON", {}, cause);
  }
}

function entryOf(name: string, value: unknown): Entry {
  if (!isRecord(value)) throw invalid("a tensor's entry must be an object", { name });
  const shape = integersOf(value["shape"]);
  const [begin, end, ...rest] = integersOf(value["data_offsets"]) ?? [];
  if (shape === undefined || !isShape(shape) || rest.length > 0) {
    throw invalid("shape and data_offsets must be lists of sizes", { name });
  }
  if (begin === undefined || end === undefined || end < begin) {
    throw invalid("data_offsets must be [begin, end]", { name });
  }
  const dtype = dtypeOfSafetensors(String(value["dtype"]));
  if (dtype === undefined) {
    throw new EdgeloopError("SAFETENSORS_UNSUPPORTED", "unknown dtype", {
      details: { name, dtype: value["dtype"] },
    });
  }
  return { name, dtype, shape, begin, end };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const integersOf = (value: unknown): number[] | undefined =>
  Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= 0) ? value : undefined;

const invalid = (message: string, details = {}, cause?: unknown): EdgeloopError =>
  new EdgeloopError("SAFETENSORS_INVALID", message, { details, cause });
