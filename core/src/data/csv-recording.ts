import { EdgeloopError } from "../platform/errors.ts";
import type { CsvRow } from "./csv.ts";
import { csvDecoder } from "./csv.ts";
import type { GridContent, GridCounters } from "./grid-recorder.ts";
import { createGridRecorder } from "./grid-recorder.ts";
import type { TimeUnit } from "./time-text.ts";
import { parseTime } from "./time-text.ts";

/** Which columns of a CSV file mean what. */
export type CsvMapping = {
  /** Columns that are channels, in the order in which they are to stand. */
  readonly channels: readonly {
    readonly column: string;
    /** The column's name when absent. */
    readonly name?: string;
    readonly unit: string;
  }[];
  /** The column of times; rows are a period apart, from `startUs`, when there is none. */
  readonly time:
    | { readonly column: string; readonly unit: TimeUnit }
    | { readonly startUs: number };
  /** Samples a second to which the rows are resampled. */
  readonly rateHz: number;
  /** The column of labels; an empty cell is no label. */
  readonly label?: string;
  /** Columns that hold attributes; rows with other values are another recording. */
  readonly attributes?: readonly string[];
  readonly delimiter?: string;
  /** Longest gap that is bridged by a straight line, in samples at `rateHz`. */
  readonly gapSamplesMax?: number;
};

/** One recording found in a file. */
export type CsvRecording = GridContent & {
  readonly attributes: Readonly<Record<string, string>>;
  readonly counters: GridCounters;
};

/** Takes a file's text as it is read. */
export type CsvReader = {
  push(text: string): void;
  /** The recordings of the file, in the order in which they begin. */
  end(): readonly CsvRecording[];
};

/**
 * Builds a reader of one CSV file with a header row.
 *
 * Repeated times are dropped and counted, the rest is resampled linearly onto the grid of `rateHz`.
 *
 * @param file Its name, for messages.
 * @throws `CSV_COLUMN_MISSING`, `CSV_CELL_INVALID`, `CSV_ROW_SHAPE`, `CSV_TIME_BACK`, `CSV_EMPTY`: file, line, column
 * and what was expected.
 */
export function csvReader(mapping: CsvMapping, file: string): CsvReader {
  const decoder = csvDecoder(mapping.delimiter);
  const streams = new Map<string, Stream>();
  let columns: Columns | undefined;
  const take = (row: CsvRow): void => {
    if (columns) addRow(row, { mapping, file, columns, streams });
    else columns = findColumns(row, mapping, file);
  };
  return {
    push: (text) => decoder.push(text).forEach(take),
    end() {
      decoder.end().forEach(take);
      if (streams.size > 0) return [...streams.values()].map(finish);
      throw problem("CSV_EMPTY", { file, line: 1, expected: "a header and at least one row" });
    },
  };
}

type Stream = {
  readonly attributes: Readonly<Record<string, string>>;
  readonly recorder: ReturnType<typeof createGridRecorder>;
  rows: number;
};

const finish = ({ attributes, recorder }: Stream): CsvRecording => ({
  attributes,
  ...recorder.end(),
  counters: recorder.counters,
});

type Columns = {
  readonly count: number;
  readonly names: readonly string[];
  readonly channels: readonly number[];
  readonly time: number | undefined;
  readonly label: number | undefined;
  readonly attributes: readonly number[];
};

type Problem = {
  readonly file: string;
  readonly line: number;
  readonly column?: string;
  readonly expected: string;
  readonly got?: string;
};

function problem(code: string, details: Problem): EdgeloopError {
  const { file, line, column, expected, got } = details;
  const where = column === undefined ? `${file}:${line}` : `${file}:${line}: column ${column}`;
  const found = got === undefined ? "" : `, got ${JSON.stringify(got.slice(0, 40))}`;
  return new EdgeloopError(code, `${where}: expected ${expected}${found}`, { details });
}

function findColumns({ line, cells }: CsvRow, mapping: CsvMapping, file: string): Columns {
  const names = cells.map((name) => name.trim());
  const find = (column: string): number => {
    const at = names.indexOf(column);
    if (at !== -1) return at;
    const expected = `the column ${column}; there are: ${names.join(", ").slice(0, 200)}`;
    throw problem("CSV_COLUMN_MISSING", { file, line, expected });
  };
  return {
    count: cells.length,
    names,
    channels: mapping.channels.map(({ column }) => find(column)),
    time: "column" in mapping.time ? find(mapping.time.column) : undefined,
    label: mapping.label === undefined ? undefined : find(mapping.label),
    attributes: (mapping.attributes ?? []).map(find),
  };
}

type Context = {
  readonly mapping: CsvMapping;
  readonly file: string;
  readonly columns: Columns;
  readonly streams: Map<string, Stream>;
};

function addRow(row: CsvRow, context: Context): void {
  const { columns, file } = context;
  const { line, cells } = row;
  if (cells.length !== columns.count) {
    const expected = `${columns.count} cells`;
    throw problem("CSV_ROW_SHAPE", { file, line, expected, got: `${cells.length}` });
  }
  const stream = streamOf(row, context);
  const values = columns.channels.map((at) => numberIn(row, at, context));
  const label = columns.label === undefined ? undefined : cells[columns.label];
  const timeUs = timeOf(row, stream, context);
  stream.rows += 1;
  if (stream.recorder.add(timeUs, values, label || undefined)) return;
  const expected = "a time that is not before the row above";
  throw problem("CSV_TIME_BACK", { file, line, expected });
}

function streamOf({ cells }: CsvRow, { mapping, columns, streams }: Context): Stream {
  const values = columns.attributes.map((at) => cells[at] ?? "");
  const key = JSON.stringify(values);
  const known = streams.get(key);
  if (known) return known;
  const names = mapping.attributes ?? [];
  const { rateHz, gapSamplesMax } = mapping;
  const stream: Stream = {
    attributes: Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""])),
    recorder: createGridRecorder({
      channels: mapping.channels.length,
      rateHz,
      ...(gapSamplesMax === undefined ? {} : { gapSamplesMax }),
    }),
    rows: 0,
  };
  streams.set(key, stream);
  return stream;
}

function numberIn({ line, cells }: CsvRow, at: number, { file, columns }: Context): number {
  const text = cells[at] ?? "";
  const value = Math.fround(Number(text));
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  const column = columns.names[at] ?? "";
  const expected = "a finite number";
  throw problem("CSV_CELL_INVALID", { file, line, column, expected, got: text });
}

function timeOf(row: CsvRow, stream: Stream, { mapping, file, columns }: Context): number {
  const { time, rateHz } = mapping;
  if (!("column" in time)) return time.startUs + Math.round((stream.rows * 1e6) / rateHz);
  const text = row.cells[columns.time ?? -1] ?? "";
  const timeUs = parseTime(text, time.unit);
  if (timeUs !== undefined) return timeUs;
  const expected = `a time (${time.unit})`;
  throw problem("CSV_CELL_INVALID", {
    file,
    line: row.line,
    column: time.column,
    expected,
    got: text,
  });
}
