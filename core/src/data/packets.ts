import type { RecordingContent } from "./recording.ts";
import type { Samples, SensorInfo } from "./samples.ts";

// A period that is no whole number of microseconds leaves rounded times.
const roundingUs = 1;

/**
 * Cuts rows into packets as a sensor would have sent them.
 *
 * Rows that follow each other at the sensor's rate become packets with a period, so that a replay is windowed like the
 * live stream was; others keep their times.
 *
 * @param rowsMax Longest packet in rows.
 */
export function* packets(
  { sensor, channels, rateHz }: SensorInfo,
  { timesUs, data }: Pick<RecordingContent, "timesUs" | "data">,
  rowsMax: number,
): Generator<Samples> {
  const width = channels.length;
  const periodUs = 1e6 / rateHz;
  let from = 0;
  while (from < timesUs.length) {
    const startUs = timesUs[from] ?? 0;
    const regular = regularRows(timesUs, from, Math.min(timesUs.length, from + rowsMax), periodUs);
    const rows = regular || irregularRows(timesUs, from, rowsMax, periodUs);
    const part = data.slice(from * width, (from + rows) * width);
    if (regular) yield { sensor, startUs: Math.round(startUs), periodUs, data: part };
    else yield { sensor, startUs, timesUs: timesUs.slice(from, from + rows), data: part };
    from += rows;
  }
}

/** How many rows from `from` on are a period apart; 0 when not even two are. */
function regularRows(timesUs: Float64Array, from: number, to: number, periodUs: number): number {
  const startUs = timesUs[from] ?? 0;
  let row = from + 1;
  while (row < to && near(timesUs[row], startUs + (row - from) * periodUs)) row += 1;
  return row - from > 1 ? row - from : 0;
}

/** How many rows from `from` on are followed by one at another distance than a period. */
function irregularRows(
  timesUs: Float64Array,
  from: number,
  rowsMax: number,
  periodUs: number,
): number {
  const to = Math.min(timesUs.length, from + rowsMax);
  let row = from + 1;
  while (row < to && !near(timesUs[row + 1], (timesUs[row] ?? 0) + periodUs)) row += 1;
  return row - from;
}

const near = (timeUs: number | undefined, expectedUs: number): boolean =>
  timeUs !== undefined && Math.abs(timeUs - expectedUs) <= roundingUs;
