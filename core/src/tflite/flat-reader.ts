import { fromUtf8 } from "../platform/bytes.ts";
import type { ErrorDetails } from "../platform/errors.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { FlatScalar } from "./flat-scalar.ts";
import { flatScalars } from "./flat-scalar.ts";

/** FlatBuffers offsets are 32 bits and signed where they point back: a file ends below 2 GiB. */
export const flatBytesMax: number = 2 ** 31 - 1;

/**
 * Values that a file may give for each of its bytes. An honest file gives less than one; one whose offsets all point
 * at the same long vector would give the square of its length.
 */
export const flatValuesPerByteMax = 4;

/**
 * A table of a FlatBuffers file. Fields are read when asked, by their number in the schema; each offset and length is
 * checked before it is followed. All methods throw `FLATBUFFER_INVALID` for one that lies.
 *
 * Offsets point forward alone, and a schema asks for a fixed depth, so there is no cycle to find.
 */
export type FlatTable = {
  has(field: number): boolean;
  number(field: number, type: FlatScalar, fallback?: number): number;
  /** A list of numbers; undefined when it is absent. */
  numbers(field: number, type: FlatScalar): readonly number[] | undefined;
  /** Bytes as they lie in the file, without a copy. */
  bytes(field: number): Uint8Array | undefined;
  text(field: number): string | undefined;
  texts(field: number): readonly string[];
  table(field: number): FlatTable | undefined;
  tables(field: number): readonly FlatTable[];
};

type Source = { readonly bytes: Uint8Array; readonly view: DataView; valuesLeft: number };

/**
 * Opens a FlatBuffers file at its root table.
 *
 * Written here because the npm package verifies nothing: it follows any offset, and reads what is not there as 0.
 *
 * @param identifier The four letters at byte 4 that name the schema.
 * @throws `FLATBUFFER_INVALID` for another file, and for one beyond `flatBytesMax`.
 * @see https://flatbuffers.dev/internals/
 */
export function readFlat(bytes: Uint8Array, identifier: string): FlatTable {
  if (bytes.length > flatBytesMax) throw invalid("a FlatBuffers file ends below 2 GiB", {});
  const source: Source = {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    valuesLeft: flatValuesPerByteMax * bytes.length,
  };
  const found = [...need(source, 0, 8, "identifier").subarray(4)]
    .map((byte) => String.fromCharCode(byte))
    .join("");
  if (found !== identifier) {
    throw invalid(`expected the identifier ${identifier} at byte 4`, { identifier });
  }
  return tableAt(source, targetOf(source, 0));
}

/** Bytes of a range that is checked to be in the file. */
function need(source: Source, at: number, length: number, what: string): Uint8Array {
  if (at < 0 || at + length > source.bytes.length) {
    throw invalid(`a ${what} reaches outside the file`, { at, length });
  }
  return source.bytes.subarray(at, at + length);
}

function spend(source: Source, values: number): void {
  source.valuesLeft -= values;
  if (source.valuesLeft < 0) throw invalid("the file refers to its parts too often", {});
}

/** Follows the offset at a place whose four bytes are known to be there. */
function targetOf(source: Source, at: number): number {
  const offset = source.view.getUint32(at, true);
  if (offset < 4) throw invalid("an offset points at itself", { at });
  return at + offset;
}

function tableAt(source: Source, at: number): FlatTable {
  spend(source, 1);
  need(source, at, 4, "table");
  const vtable = at - source.view.getInt32(at, true);
  need(source, vtable, 4, "vtable");
  const vtableBytes = source.view.getUint16(vtable, true);
  const tableBytes = source.view.getUint16(vtable + 2, true);
  if (vtableBytes < 4 || vtableBytes % 2 === 1 || tableBytes < 4) {
    throw invalid("a vtable is too short", { at: vtable });
  }
  need(source, vtable, vtableBytes, "vtable");
  need(source, at, tableBytes, "table");

  /** Where a field lies; undefined when it is absent. */
  const placeOf = (field: number, bytes: number): number | undefined => {
    const entry = 4 + 2 * field;
    if (entry >= vtableBytes) return undefined;
    const offset = source.view.getUint16(vtable + entry, true);
    if (offset === 0) return undefined;
    if (offset < 4 || offset + bytes > tableBytes) {
      throw invalid("a field reaches outside its table", { at, field });
    }
    return at + offset;
  };
  const targetOfField = (field: number): number | undefined => {
    const place = placeOf(field, 4);
    return place === undefined ? undefined : targetOf(source, place);
  };
  const offsetsOf = (field: number): readonly number[] => {
    const vector = vectorAt(source, targetOfField(field), 4);
    return Array.from({ length: vector?.length ?? 0 }, (_, index) =>
      targetOf(source, (vector?.at ?? 0) + 4 * index),
    );
  };
  return {
    has: (field) => placeOf(field, 1) !== undefined,
    number(field, type, fallback = 0) {
      const place = placeOf(field, flatScalars[type].bytes);
      return place === undefined ? fallback : scalarAt(source, place, type);
    },
    numbers(field, type) {
      const width = flatScalars[type].bytes;
      const vector = vectorAt(source, targetOfField(field), width);
      if (vector === undefined) return undefined;
      spend(source, vector.length);
      return Array.from({ length: vector.length }, (_, index) =>
        scalarAt(source, vector.at + width * index, type),
      );
    },
    bytes(field) {
      const vector = vectorAt(source, targetOfField(field), 1);
      return vector && source.bytes.subarray(vector.at, vector.at + vector.length);
    },
    text: (field) => textAt(source, targetOfField(field)),
    texts: (field) => offsetsOf(field).map((place) => textAt(source, place) ?? ""),
    table(field) {
      const place = targetOfField(field);
      return place === undefined ? undefined : tableAt(source, place);
    },
    tables: (field) => offsetsOf(field).map((place) => tableAt(source, place)),
  };
}

/** Finds the elements of a vector, all of them in the file. */
function vectorAt(
  source: Source,
  at: number | undefined,
  width: number,
): { readonly at: number; readonly length: number } | undefined {
  if (at === undefined) return undefined;
  need(source, at, 4, "vector");
  const length = source.view.getUint32(at, true);
  need(source, at + 4, length * width, "vector");
  return { at: at + 4, length };
}

function scalarAt(source: Source, at: number, type: FlatScalar): number {
  const value = flatScalars[type].read(source.view, at);
  if (type.endsWith("64") && !Number.isSafeInteger(value)) {
    throw invalid("a 64-bit number is beyond 2^53", { at });
  }
  return value;
}

function textAt(source: Source, at: number | undefined): string | undefined {
  const vector = vectorAt(source, at, 1);
  if (vector === undefined) return undefined;
  spend(source, vector.length);
  try {
    return fromUtf8(source.bytes.subarray(vector.at, vector.at + vector.length));
  } catch (cause) {
    throw invalid("a text is not UTF-8", { at }, cause);
  }
}

const invalid = (message: string, details: ErrorDetails, cause?: unknown): EdgeloopError =>
  new EdgeloopError("FLATBUFFER_INVALID", message, { details, cause });
