import { bytesOf, concatBytes, fromUtf8, utf8 } from "../platform/bytes.ts";
import { crc32c } from "../platform/crc32c.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Label } from "./label.ts";

/** Rows with a time each, row-major `[time, channel]`. */
export type LogRows = {
  readonly kind: "rows";
  readonly timesUs: Float64Array;
  readonly data: Float32Array;
};

/** What stands in the log of a recording that is not closed yet. */
export type LogEntry = LogRows | { readonly kind: "label"; readonly label: Label };

/** Longest entry; a packet of 100,000 rows of 256 channels has 103 MB. */
export const logEntryBytesMax: number = 128 * 1024 * 1024;

const headBytes = 8;
const kinds = { rows: 1, label: 2 } as const;

/**
 * Writes one entry: length and CRC-32C of the body (32 bits each, little-endian), then the body.
 *
 * @throws `RECORDING_ENTRY_OVERSIZED`
 */
export function encodeLogEntry(entry: LogEntry): Uint8Array<ArrayBuffer> {
  const body = bodyOf(entry);
  if (body.length > logEntryBytesMax) {
    throw new EdgeloopError("RECORDING_ENTRY_OVERSIZED", "expected a shorter packet", {
      details: { bytes: body.length, bytesMax: logEntryBytesMax },
    });
  }
  const head = new Uint8Array(headBytes);
  const view = new DataView(head.buffer);
  view.setUint32(0, body.length, true);
  view.setUint32(4, crc32c(body), true);
  return concatBytes([head, body]);
}

/**
 * Reads a log up to its end, or to the first entry that is not whole: what a crash tore is not given out.
 *
 * @param channels Channels in a row.
 * @returns The entries, and how many bytes they took.
 * @example
 * const label = { startUs: 0, endUs: 5, label: "a", by: "me" };
 * const bytes = encodeLogEntry({ kind: "label", label });
 * decodeLog(bytes, 1).entries; // => [{ kind: "label", label }]
 */
export function decodeLog(
  bytes: Uint8Array,
  channels: number,
): { readonly entries: readonly LogEntry[]; readonly bytesRead: number } {
  const entries: LogEntry[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + headBytes <= bytes.length) {
    const length = view.getUint32(at, true);
    const from = at + headBytes;
    if (length > logEntryBytesMax || from + length > bytes.length) break;
    // A copy, also of a Buffer, whose slice is a view: arrays of numbers need their own alignment.
    const body = Uint8Array.from(bytes.subarray(from, from + length));
    if (crc32c(body) !== view.getUint32(at + 4, true)) break;
    const entry = entryOf(body, channels);
    if (!entry) break;
    entries.push(entry);
    at = from + length;
  }
  return { entries, bytesRead: at };
}

function bodyOf(entry: LogEntry): Uint8Array<ArrayBuffer> {
  if (entry.kind === "label") {
    return concatBytes([kindBytes(kinds.label), utf8(JSON.stringify(entry.label))]);
  }
  const { timesUs, data } = entry;
  return concatBytes([kindBytes(kinds.rows), bytesOf(timesUs), bytesOf(data)]);
}

// Eight bytes, so that the doubles of a body lie where doubles may.
const kindBytes = (kind: number): Uint8Array => Uint8Array.of(kind, 0, 0, 0, 0, 0, 0, 0);

function entryOf(body: Uint8Array<ArrayBuffer>, channels: number): LogEntry | undefined {
  const content = body.slice(8);
  if (body[0] === kinds.label) return { kind: "label", label: JSON.parse(fromUtf8(content)) };
  const rows = content.length / (8 + 4 * channels);
  if (body[0] !== kinds.rows || !Number.isInteger(rows)) return undefined;
  return {
    kind: "rows",
    timesUs: new Float64Array(content.buffer, 0, rows),
    data: new Float32Array(content.buffer, 8 * rows),
  };
}
