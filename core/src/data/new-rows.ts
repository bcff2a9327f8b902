import type { LogRows } from "./recording-log.ts";
import type { Samples } from "./samples.ts";

/**
 * Takes from a packet the rows that come after a time, each with its own time.
 *
 * @returns `repeated` counts the rows that were left out.
 * @example
 * const packet = { sensor: "s", startUs: 0, periodUs: 10, data: Float32Array.of(1, 2, 3) };
 * newRows(packet, { channels: 1, lastUs: 0 }).timesUs; // => Float64Array.of(10, 20)
 */
export function newRows(
  { data, startUs, periodUs, timesUs }: Samples,
  { channels, lastUs }: { readonly channels: number; readonly lastUs: number },
): Omit<LogRows, "kind"> & { readonly repeated: number } {
  const times =
    timesUs ??
    Float64Array.from({ length: data.length / channels }, (_, row) =>
      Math.round(startUs + row * periodUs),
    );
  const kept: number[] = [];
  let beforeUs = lastUs;
  for (const [row, timeUs] of times.entries()) {
    if (timeUs <= beforeUs) continue;
    kept.push(row);
    beforeUs = timeUs;
  }
  if (kept.length === times.length) return { timesUs: times, data, repeated: 0 };
  const rows = new Float32Array(kept.length * channels);
  for (const [to, from] of kept.entries()) {
    rows.set(data.subarray(from * channels, (from + 1) * channels), to * channels);
  }
  return {
    timesUs: Float64Array.from(kept, (row) => times[row] ?? 0),
    data: rows,
    repeated: times.length - kept.length,
  };
}
