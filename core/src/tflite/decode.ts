import type { ErrorDetails } from "../platform/errors.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { FlatTable } from "./flat-reader.ts";
import { readFlat } from "./flat-reader.ts";
import type {
  TfliteBinding,
  TfliteModel,
  TfliteOperator,
  TfliteQuantization,
  TfliteSignature,
  TfliteSubgraph,
  TfliteTensor,
} from "./model.ts";
import { nameOfCode } from "./operator-codes.ts";
import { readOptions } from "./operator-options.ts";
import { optionTableOf } from "./option-tables.ts";
import { tfliteFields, tfliteIdentifier, tfliteVersion } from "./schema-fields.ts";
import { tfliteTypes } from "./tensor-types.ts";

/** What operators and tensors of a file refer to by number. */
type Shared = {
  readonly codes: readonly Pick<TfliteOperator, "op" | "custom" | "version">[];
  readonly buffers: readonly (Uint8Array | undefined)[];
};

/** Tells whether bytes are a .tflite file, by the letters at byte 4. */
export const isTflite = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(4, 8)) === tfliteIdentifier;

/**
 * Reads a .tflite file as plain data. Tensor data and metadata are views of `bytes`. Whatever the bytes are, only
 * coded errors are thrown, and memory stays in proportion to them.
 *
 * What runtimes do not compute with is not kept: recorded minima and maxima, debug information, and which inputs
 * an operator changes (that follows from `isVariable`).
 *
 * @throws `FLATBUFFER_INVALID` for bytes that lie, `TFLITE_INVALID` for references that do, `TFLITE_UNSUPPORTED` for
 * sparse tensors, tensors in other files, and scales that are tensors themselves.
 */
export function decodeTflite(bytes: Uint8Array): TfliteModel {
  const root = readFlat(bytes, tfliteIdentifier);
  const fields = tfliteFields.model;
  const version = root.number(fields.version, "u32");
  if (version !== tfliteVersion) {
    throw invalid(`the schema's version must be ${tfliteVersion}, not ${version}`, { version });
  }
  const shared: Shared = {
    codes: root.tables(fields.codes).map(readCode),
    buffers: root.tables(fields.buffers).map((table) => readBuffer(table, bytes)),
  };
  const subgraphs = root.tables(fields.subgraphs).map((table) => readSubgraph(table, shared));
  if (subgraphs.length === 0) throw invalid("a model needs a subgraph", {});
  return {
    description: root.text(fields.description) ?? "",
    subgraphs,
    metadata: root.tables(fields.metadata).map((table) => ({
      name: table.text(tfliteFields.metadata.name) ?? "",
      data: bufferOf(shared, table.number(tfliteFields.metadata.buffer, "u32")) ?? new Uint8Array(),
    })),
    signatures: root.tables(fields.signatures).map((table) => readSignature(table, subgraphs)),
  };
}

/** Early files have a byte for the operator's number, later ones a wider field beside it. */
function readCode(table: FlatTable): Shared["codes"][number] {
  const fields = tfliteFields.code;
  const code = Math.max(table.number(fields.byte, "i8"), table.number(fields.code, "i32"));
  const custom = table.text(fields.custom);
  return {
    op: nameOfCode(code),
    ...(custom === undefined ? {} : { custom }),
    version: table.number(fields.version, "i32", 1),
  };
}

/** Large files keep data behind the FlatBuffers part, by its place in the file. */
function readBuffer(table: FlatTable, bytes: Uint8Array): Uint8Array | undefined {
  const fields = tfliteFields.buffer;
  const offset = table.number(fields.offset, "u64");
  if (offset > 1) {
    const end = offset + table.number(fields.size, "u64");
    if (end > bytes.length) throw invalid("a buffer reaches outside the file", { offset, end });
    return bytes.subarray(offset, end);
  }
  const data = table.bytes(fields.data);
  return data?.length ? data : undefined;
}

/** The data of a buffer; undefined for the empty one that stands for no data. */
function bufferOf({ buffers }: Shared, index: number): Uint8Array | undefined {
  if (index === 0 || index < buffers.length) return buffers[index];
  throw invalid("there is no such buffer", { buffer: index, buffers: buffers.length });
}

function readSubgraph(table: FlatTable, shared: Shared): TfliteSubgraph {
  const fields = tfliteFields.subgraph;
  const tensors = table.tables(fields.tensors).map((tensor) => readTensor(tensor, shared));
  const indices = (field: number): readonly number[] => {
    const found = table.numbers(field, "i32") ?? [];
    for (const index of found) checkTensorIndex(index, tensors.length);
    return found;
  };
  return {
    name: table.text(fields.name) ?? "",
    tensors,
    inputs: indices(fields.inputs),
    outputs: indices(fields.outputs),
    operators: table
      .tables(fields.operators)
      .map((operator) => readOperator(operator, shared, tensors.length)),
  };
}

function checkTensorIndex(index: number, count: number, least = 0): void {
  if (index >= least && index < count) return;
  throw invalid("there is no such tensor", { tensor: index, tensors: count });
}

function readTensor(table: FlatTable, shared: Shared): TfliteTensor {
  const fields = tfliteFields.tensor;
  const name = table.text(fields.name) ?? "";
  const code = table.number(fields.type, "i8");
  const type = tfliteTypes[code];
  if (type === undefined)
    throw unsupported("an element type is newer than edgeloop", { name, code });
  if (table.has(fields.sparsity)) throw unsupported("sparse tensors are not read", { name });
  if (table.number(fields.external, "u32") !== 0) {
    throw unsupported("tensors in other files are not read", { name });
  }
  const shape = table.numbers(fields.shape, "i32") ?? [];
  if (shape.some((dim) => dim < 0)) throw invalid("a shape has a negative size", { name, shape });
  const shapeSignature = table.numbers(fields.signature, "i32");
  if (shapeSignature?.length && shapeSignature.length !== shape.length) {
    throw invalid("shape and shape signature must have one rank", { name, shape, shapeSignature });
  }
  const data = bufferOf(shared, table.number(fields.buffer, "u32"));
  const quantization = readQuantization(table.table(fields.quantization), name);
  return {
    name,
    type,
    shape,
    ...(shapeSignature?.length ? { shapeSignature } : {}),
    ...(data ? { data } : {}),
    ...(quantization ? { quantization } : {}),
    isVariable: table.number(fields.variable, "u8") !== 0,
  };
}

function readQuantization(
  table: FlatTable | undefined,
  name: string,
): TfliteQuantization | undefined {
  const fields = tfliteFields.quantization;
  if (table === undefined) return undefined;
  if (table.number(fields.detailsTag, "u8") !== 0) {
    throw unsupported("scales by block, by several axes or of one's own are not read", { name });
  }
  const scales = table.numbers(fields.scales, "f32") ?? [];
  if (scales.length === 0) return undefined;
  const zeroPoints = table.numbers(fields.zeroPoints, "i64") ?? scales.map(() => 0);
  if (zeroPoints.length !== scales.length && zeroPoints.length !== 1) {
    throw invalid("there must be a zero point for each scale", {
      tensor: name,
      scales: scales.length,
      zeroPoints: zeroPoints.length,
    });
  }
  return {
    scales,
    zeroPoints: scales.map((_, index) => zeroPoints[index] ?? zeroPoints[0] ?? 0),
    // Converters leave any axis where there is one scale.
    axis: scales.length === 1 ? 0 : table.number(fields.axis, "i32"),
  };
}

function readOperator(table: FlatTable, shared: Shared, tensors: number): TfliteOperator {
  const fields = tfliteFields.operator;
  const index = table.number(fields.code, "u32");
  const code = shared.codes[index];
  if (code === undefined) throw invalid("there is no such operator code", { code: index });
  const indices = (field: number, least: number): readonly number[] => {
    const found = table.numbers(field, "i32") ?? [];
    for (const tensor of found) checkTensorIndex(tensor, tensors, least);
    return found;
  };
  const intermediates = indices(fields.intermediates, 0);
  const customOptions = table.bytes(fields.custom);
  // Kernels take a table of another kind for none.
  const isOwn = optionTableOf(code.op)?.tag === table.number(fields.optionsTag, "u8");
  return {
    ...code,
    inputs: indices(fields.inputs, -1),
    outputs: indices(fields.outputs, 0),
    ...(intermediates.length > 0 ? { intermediates } : {}),
    options: readOptions(code.op, isOwn ? table.table(fields.options) : undefined),
    ...(customOptions?.length ? { customOptions } : {}),
  };
}

function readSignature(table: FlatTable, subgraphs: readonly TfliteSubgraph[]): TfliteSignature {
  const fields = tfliteFields.signature;
  const subgraph = table.number(fields.subgraph, "u32");
  const tensors = subgraphs[subgraph]?.tensors;
  if (tensors === undefined) throw invalid("a signature names no subgraph", { subgraph });
  const bindings = (field: number): readonly TfliteBinding[] =>
    table.tables(field).map((binding) => {
      const tensor = binding.number(tfliteFields.binding.tensor, "u32");
      checkTensorIndex(tensor, tensors.length);
      return { name: binding.text(tfliteFields.binding.name) ?? "", tensor };
    });
  return {
    key: table.text(fields.key) ?? "",
    subgraph,
    inputs: bindings(fields.inputs),
    outputs: bindings(fields.outputs),
  };
}

const invalid = (message: string, details: ErrorDetails): EdgeloopError =>
  new EdgeloopError("TFLITE_INVALID", message, { details });

const unsupported = (message: string, details: ErrorDetails): EdgeloopError =>
  new EdgeloopError("TFLITE_UNSUPPORTED", message, { details });
