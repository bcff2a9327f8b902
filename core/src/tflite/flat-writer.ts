import { utf8 } from "../platform/bytes.ts";
import { EdgeloopError, unreachable } from "../platform/errors.ts";
import { flatBytesMax } from "./flat-reader.ts";
import type { FlatScalar } from "./flat-scalar.ts";
import { flatScalars } from "./flat-scalar.ts";

/** A field of a table to write. */
export type FlatField =
  | { readonly kind: "number"; readonly type: FlatScalar; readonly value: number }
  | { readonly kind: "numbers"; readonly type: FlatScalar; readonly values: readonly number[] }
  /** `align` is where the first byte lies: at a multiple of it from the start of the file. */
  | { readonly kind: "bytes"; readonly value: Uint8Array; readonly align: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "table"; readonly value: FlatFields }
  | { readonly kind: "tables"; readonly values: readonly FlatFields[] };

/** A field that lies outside its table. */
type FlatReference = Exclude<FlatField, { readonly kind: "number" }>;

/** A table to write: its fields in the schema's order; undefined for one that is absent. */
export type FlatFields = readonly (FlatField | undefined)[];

/** Bytes that grow, a table's children still to be written, and vtables that can be used again. */
type Target = {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView;
  length: number;
  readonly vtables: Map<string, number>;
};

/**
 * Writes a FlatBuffers file. Parents lie before their children, each value at a multiple of its size; tables of one
 * form share a vtable.
 *
 * @param identifier The four letters at byte 4 that name the schema.
 * @throws `FLATBUFFER_INVALID` for what does not fit below 2 GiB.
 * @see https://flatbuffers.dev/internals/
 * @example
 * const bytes = writeFlat([{ kind: "text", value: "seven" }], "TEST");
 * new TextDecoder().decode(bytes.subarray(4, 8)); // => "TEST"
 */
export function writeFlat(root: FlatFields, identifier: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1024);
  const target: Target = { bytes, view: viewOf(bytes), length: 0, vtables: new Map() };
  extend(target, 8);
  target.bytes.set(utf8(identifier), 4);
  pointTo(target, 0, writeTable(target, root));
  return target.bytes.slice(0, target.length);
}

/** Writes vtable and table, then what its fields refer to; returns where the table lies. */
function writeTable(target: Target, fields: FlatFields): number {
  const { offsets, bytes } = layoutOf(fields);
  const vtable = writeVtable(target, [4 + 2 * offsets.length, bytes, ...offsets]);
  align(target, tableAlign, 0);
  const table = extend(target, bytes);
  target.view.setInt32(table, table - vtable, true);
  const references: (readonly [number, FlatReference])[] = [];
  fields.forEach((field, index) => {
    if (field === undefined) return;
    const at = table + (offsets[index] ?? 0);
    if (field.kind === "number") flatScalars[field.type].write(target.view, at, field.value);
    else references.push([at, field]);
  });
  for (const [at, field] of references) pointTo(target, at, writeReferred(target, field));
  return table;
}

/** Tables start at multiples of 8, so that 64-bit fields can be aligned in them. */
const tableAlign = 8;

/** Places fields in a table, wide ones first, so that each is aligned without holes. */
function layoutOf(fields: FlatFields): {
  readonly offsets: readonly number[];
  readonly bytes: number;
} {
  const last = fields.findLastIndex((field) => field !== undefined);
  const offsets = Array.from({ length: last + 1 }, () => 0);
  let bytes = 4;
  for (const width of [8, 4, 2, 1]) {
    fields.forEach((field, index) => {
      if (field === undefined || widthOf(field) !== width) return;
      const at = Math.ceil(bytes / width) * width;
      offsets[index] = at;
      bytes = at + width;
    });
  }
  return { offsets, bytes };
}

const widthOf = (field: FlatField): number =>
  field.kind === "number" ? flatScalars[field.type].bytes : 4;

function writeVtable(target: Target, entries: readonly number[]): number {
  const key = entries.join();
  const found = target.vtables.get(key);
  if (found !== undefined) return found;
  align(target, 2, 0);
  const at = extend(target, 2 * entries.length);
  entries.forEach((entry, index) => {
    target.view.setUint16(at + 2 * index, entry, true);
  });
  target.vtables.set(key, at);
  return at;
}

function writeReferred(target: Target, field: FlatReference): number {
  switch (field.kind) {
    case "table":
      return writeTable(target, field.value);
    case "tables":
      return writeTables(target, field.values);
    case "text": {
      // A text ends with a byte 0 that its length does not count.
      const bytes = utf8(field.value);
      const at = writeBytes(target, bytes, 1);
      extend(target, 1);
      return at;
    }
    case "bytes":
      return writeBytes(target, field.value, field.align);
    case "numbers": {
      const { bytes, write } = flatScalars[field.type];
      const at = startVector(target, field.values.length, bytes, bytes);
      field.values.forEach((value, index) => {
        write(target.view, at + 4 + bytes * index, value);
      });
      return at;
    }
    default:
      return unreachable(field);
  }
}

function writeTables(target: Target, tables: readonly FlatFields[]): number {
  const at = startVector(target, tables.length, 4, 4);
  tables.forEach((table, index) => {
    pointTo(target, at + 4 + 4 * index, writeTable(target, table));
  });
  return at;
}

function writeBytes(target: Target, bytes: Uint8Array, alignment: number): number {
  const at = startVector(target, bytes.length, 1, alignment);
  target.bytes.set(bytes, at + 4);
  return at;
}

/** Writes a vector's length and makes room for its elements, the first of which is aligned. */
function startVector(target: Target, count: number, width: number, alignment: number): number {
  align(target, Math.max(alignment, 4), 4);
  const at = extend(target, 4 + count * width);
  target.view.setUint32(at, count, true);
  return at;
}

/** Moves on until `ahead` bytes further is a multiple of `alignment`. */
function align(target: Target, alignment: number, ahead: number): void {
  const past = (target.length + ahead) % alignment;
  if (past > 0) extend(target, alignment - past);
}

/** Adds zero bytes and returns where they start. */
function extend(target: Target, bytes: number): number {
  const at = target.length;
  const length = at + bytes;
  if (length > flatBytesMax) {
    throw new EdgeloopError("FLATBUFFER_INVALID", "a FlatBuffers file ends below 2 GiB");
  }
  if (length > target.bytes.length) {
    const grown = new Uint8Array(Math.min(flatBytesMax, Math.max(length, 2 * at)));
    grown.set(target.bytes);
    target.bytes = grown;
    target.view = viewOf(grown);
  }
  target.length = length;
  return at;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const pointTo = (target: Target, at: number, to: number): void =>
  target.view.setUint32(at, to - at, true);
