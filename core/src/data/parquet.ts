import type { AsyncBuffer, ColumnData, FileMetaData, SchemaElement } from "hyparquet";
import { parquetMetadata, parquetRead } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { EdgeloopError } from "../platform/errors.ts";
import type { Label } from "./label.ts";

const createdBy = "edgeloop";
const root = (columns: number): SchemaElement => ({ name: "root", num_children: columns });
const timestamp = (name: string): SchemaElement => ({
  name,
  type: "INT64",
  repetition_type: "REQUIRED",
  converted_type: "TIMESTAMP_MICROS",
  logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
});
const float = (name: string): SchemaElement => ({
  name,
  type: "FLOAT",
  repetition_type: "REQUIRED",
});
const int64 = (name: string): SchemaElement => ({
  name,
  type: "INT64",
  repetition_type: "REQUIRED",
});
const utf8 = (name: string): SchemaElement => ({
  name,
  type: "BYTE_ARRAY",
  repetition_type: "REQUIRED",
  converted_type: "UTF8",
  logical_type: { type: "STRING" },
});

/** Rows of a recording. */
export type ParquetRows = {
  /** Microseconds UTC, one a row. */
  readonly timesUs: Float64Array;
  /** Row-major `[time, channel]`. */
  readonly data: Float32Array;
};

/**
 * Writes rows as Parquet: `time` as TIMESTAMP of microseconds UTC, then a FLOAT column a channel.
 *
 * @param channels Names of the channels; there is no channel called `time`.
 */
export function encodeRows(
  channels: readonly string[],
  { timesUs, data }: ParquetRows,
): Uint8Array<ArrayBuffer> {
  const times = BigInt64Array.from(timesUs, (timeUs) => BigInt(Math.round(timeUs)));
  const columns = channels.map((name, channel) => {
    const column = new Float32Array(timesUs.length);
    for (let row = 0; row < column.length; row += 1) {
      column[row] = data[row * channels.length + channel] as number;
    }
    return { name, data: column };
  });
  return write(
    [timestamp("time"), ...channels.map(float)],
    [{ name: "time", data: times }, ...columns],
  );
}

/**
 * Reads what {@link encodeRows} wrote.
 *
 * @throws `PARQUET_INVALID` when the bytes are no Parquet file or a column is missing.
 */
export async function decodeRows(
  bytes: Uint8Array,
  channels: readonly string[],
): Promise<ParquetRows> {
  const read = columnReader(bytes);
  const timesUs = Float64Array.from(await read("time"), Number);
  const data = new Float32Array(timesUs.length * channels.length);
  for (const [channel, name] of channels.entries()) {
    const column = await read(name);
    for (let row = 0; row < timesUs.length; row += 1) {
      data[row * channels.length + channel] = Number(column[row]);
    }
  }
  return { timesUs, data };
}

/** Writes labels as Parquet. */
export function encodeLabels(labels: readonly Label[]): Uint8Array<ArrayBuffer> {
  return write(
    [int64("startUs"), int64("endUs"), utf8("label"), utf8("by")],
    [
      { name: "startUs", data: labels.map(({ startUs }) => BigInt(startUs)) },
      { name: "endUs", data: labels.map(({ endUs }) => BigInt(endUs)) },
      { name: "label", data: labels.map(({ label }) => label) },
      { name: "by", data: labels.map(({ by }) => by) },
    ],
  );
}

/**
 * Reads what {@link encodeLabels} wrote.
 *
 * @throws `PARQUET_INVALID`
 */
export async function decodeLabels(bytes: Uint8Array): Promise<readonly Label[]> {
  const read = columnReader(bytes);
  const [starts, ends] = [await read("startUs"), await read("endUs")];
  const [labels, by] = [await read("label"), await read("by")];
  return Array.from(starts, (startUs, row) => ({
    startUs: Number(startUs),
    endUs: Number(ends[row]),
    label: String(labels[row]),
    by: String(by[row]),
  }));
}

type Column = { readonly name: string; readonly data: BigInt64Array | Float32Array | unknown[] };

function write(
  elements: readonly SchemaElement[],
  columns: readonly Column[],
): Uint8Array<ArrayBuffer> {
  const buffer = parquetWriteBuffer({
    schema: [root(elements.length), ...elements],
    // A dictionary of float samples is larger than the samples.
    columnData: columns.map(({ name, data }) =>
      data instanceof Float32Array ? { name, data, encoding: "PLAIN" } : { name, data },
    ),
    rowGroupSize: 100_000,
    createdBy,
  });
  return new Uint8Array(buffer);
}

function columnReader(bytes: Uint8Array): (name: string) => Promise<ArrayLike<unknown>> {
  const file: AsyncBuffer = {
    byteLength: bytes.length,
    slice: (start, end) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  };
  let metadata: FileMetaData | undefined;
  return async (name) => {
    try {
      metadata ??= parquetMetadata(Uint8Array.from(bytes).buffer);
      const column = new Array<unknown>(Number(metadata.num_rows));
      const onChunk = ({ columnData, rowStart }: ColumnData): void => {
        for (let row = 0; row < columnData.length; row += 1) {
          column[rowStart + row] = columnData[row];
        }
      };
      await parquetRead({ file, metadata, columns: [name], parsers, onChunk });
      return column;
    } catch (error) {
      throw noSuchColumn(name, error);
    }
  };
}

const noSuchColumn = (column: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("PARQUET_INVALID", `the file must be Parquet with a column ${column}`, {
    details: { column },
    cause,
  });

// The reader's own choice, a Date, holds milliseconds only.
const parsers = { timestampFromMicroseconds: (micros: bigint): number => Number(micros) };
