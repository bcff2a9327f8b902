import { EdgeloopError } from "../platform/errors.ts";

/** One row of a CSV file and the line on which it starts, counted from 1. */
export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

/** Cuts text into rows as it comes. */
export type CsvDecoder = {
  push(text: string): readonly CsvRow[];
  /** Returns the last row when the text did not end with a line feed. */
  end(): readonly CsvRow[];
};

/** A row of a thousand columns of 64 characters, and one of free text. */
export const csvRowCharactersMax: number = 1024 * 1024;

/**
 * Builds a decoder: quoted cells may hold delimiters, line ends and doubled quotes; empty lines are passed over.
 *
 * @throws `CSV_ROW_TOO_LONG` on a row without an end (a quote that is never closed).
 * @see RFC 4180
 * @example
 * csvDecoder().push('a,"b,""c"""\n'); // => [{ line: 1, cells: ["a", 'b,"c"'] }]
 */
export function csvDecoder(delimiter = ","): CsvDecoder {
  let rest = "";
  let line = 1;
  let first = true;

  const take = (text: string, lines: number): readonly CsvRow[] => {
    const at = line;
    line += lines;
    const row = text.endsWith("\r") ? text.slice(0, -1) : text;
    if (row === "") return [];
    const cells = row.includes('"') ? quotedCells(row, delimiter) : row.split(delimiter);
    return [{ line: at, cells }];
  };
  return {
    push(text) {
      // Windows programs begin UTF-8 with a byte order mark.
      const all = first ? text.replace(/^\uFEFF/, "") : rest + text;
      first = first && text === "";
      const rows: CsvRow[] = [];
      let from = 0;
      for (const end of rowEnds(all)) {
        rows.push(...take(all.slice(from, end.at), end.lines));
        from = end.at + 1;
      }
      rest = all.slice(from);
      if (rest.length > csvRowCharactersMax) {
        throw new EdgeloopError(
          "CSV_ROW_TOO_LONG",
          `line ${line}: the row must end within ${csvRowCharactersMax} characters; is a quote open?`,
          { details: { line } },
        );
      }
      return rows;
    },
    end() {
      const last = rest;
      rest = "";
      return take(last, 1);
    },
  };
}

/** Finds the line feeds that end rows, those outside quotes, and how many lines each row has. */
function* rowEnds(text: string): Generator<{ readonly at: number; readonly lines: number }> {
  let quoted = false;
  let lines = 1;
  let quote = text.indexOf('"');
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
    while (quote !== -1 && quote < at) {
      quoted = !quoted;
      quote = text.indexOf('"', quote + 1);
    }
    if (!quoted) yield { at, lines };
    lines = quoted ? lines + 1 : 1;
  }
}

function quotedCells(row: string, delimiter: string): readonly string[] {
  const cells: string[] = [];
  let at = 0;
  while (at <= row.length) {
    const end = row[at] === '"' ? quotedEnd(row, at) : delimiterFrom(row, at, delimiter);
    const raw = row.slice(at, end);
    cells.push(
      raw.startsWith('"') ? raw.slice(1, raw.lastIndexOf('"')).replaceAll('""', '"') : raw,
    );
    at = delimiterFrom(row, end, delimiter) + delimiter.length;
  }
  return cells;
}

function quotedEnd(row: string, from: number): number {
  let at = row.indexOf('"', from + 1);
  while (at !== -1 && row[at + 1] === '"') at = row.indexOf('"', at + 2);
  return at === -1 ? row.length : at + 1;
}

function delimiterFrom(row: string, from: number, delimiter: string): number {
  const at = row.indexOf(delimiter, from);
  return at === -1 ? row.length : at;
}
