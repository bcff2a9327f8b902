import type { SensorInfo } from "@edgeloop/core/data";
import { fromUtf8 } from "@edgeloop/core/platform";
import type { Decode, TimeUnit } from "./decoder.ts";
import { checkSize, refuse, samplesOf, timeUnitsUs } from "./decoder.ts";

/** Lines of separated numbers, without a header: what boards print. */
export type CsvFormat = {
  readonly kind: "csv";
  readonly separator: string;
  /** Position of each channel's column, from 0. */
  readonly columns: readonly number[];
  readonly time?: { readonly column: number; readonly unit: TimeUnit } | undefined;
};

/**
 * Builds the decoder of lines of numbers.
 *
 * @example
 * const info = { sensor: "s", rateHz: 1, channels: [{ name: "a", unit: "V" }] };
 * const decode = csvDecoder(info, { kind: "csv", separator: ",", columns: [1] });
 * [...decode(new TextEncoder().encode("7,1.5\n8,2.5\n"), 2_000_000).data]; // => [1.5, 2.5]
 */
export function csvDecoder(info: SensorInfo, format: CsvFormat): Decode {
  const number = (cells: readonly string[], column: number, line: number): number => {
    const cell = cells[column]?.trim() ?? "";
    const value = Number(cell);
    if (cell !== "" && !Number.isNaN(value)) return value;
    const code = column < cells.length ? "PAYLOAD_MALFORMED" : "PAYLOAD_CHANNELS";
    throw refuse(code, info, `expected a number in column ${column} of line ${line + 1}`, { cell });
  };
  return (payload, receivedUs) => {
    checkSize(info, payload);
    const lines = textOf(info, payload)
      .split(/\r?\n/)
      .filter((line) => line.trim() !== "")
      .map((line) => line.split(format.separator));
    const data = lines.flatMap((cells, line) =>
      format.columns.map((column) => number(cells, column, line)),
    );
    const { time } = format;
    const timesUs = time
      ? lines.map((cells, line) =>
          Math.round(number(cells, time.column, line) * timeUnitsUs[time.unit]),
        )
      : [];
    return samplesOf(info, { data: Float32Array.from(data), timesUs }, receivedUs);
  };
}

function textOf(info: SensorInfo, payload: Uint8Array): string {
  try {
    return fromUtf8(payload);
  } catch (cause) {
    const error = refuse("PAYLOAD_MALFORMED", info, "expected UTF-8 text", {});
    error.cause = cause;
    throw error;
  }
}
