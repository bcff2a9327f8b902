import type { Samples } from "./samples.ts";
import type { SamplesRefusal } from "./samples-refusal.ts";
import { inspectSamples } from "./samples-refusal.ts";

/**
 * A stretch of rows on the absolute grid: row `i` stands at `(firstIndex + i) * 1e6 / rateHz` microseconds.
 *
 * `continues` says that `firstIndex` follows the stretch before; `data` may be the packet's own.
 */
export type GridRun = {
  readonly firstIndex: number;
  readonly data: Float32Array;
  readonly continues: boolean;
};

/** What a resampler saw so far. */
export type ResamplerCounters = {
  /** Rows that came in, in packets that were not refused. */
  samples: number;
  /** Rows of an irregular source whose time was that of the row before; dropped. */
  samplesRepeated: number;
  /** Rows of a regular source that came early because its clock runs fast; dropped. */
  samplesDropped: number;
  /** Rows that were missing from a regular source and interpolated. */
  samplesFilled: number;
  /** Gaps too long to interpolate. */
  gaps: number;
  refused: Record<SamplesRefusal["code"], number>;
};

/** Puts a sensor's packets onto the absolute grid. */
export type Resampler = {
  push(samples: Samples): readonly GridRun[] | SamplesRefusal;
  readonly counters: Readonly<ResamplerCounters>;
};

/** How a stream is put onto the grid. */
export type ResamplerOptions = {
  /** Channels in a row. */
  readonly channels: number;
  readonly rateHz: number;
  /** Longest gap that is bridged by a straight line, in samples at `rateHz`. */
  readonly gapSamplesMax?: number;
};

/** A quarter of a second at 100 Hz: phones batch their readings, and gaps up to 188 ms were seen. */
export const gapSamplesMaxDefault = 25;

// A crystal is within 100 ppm, and a period rounded to a microsecond within that up to 100 Hz.
const periodToleranceMax = 1e-4;
// A packet's time may be off the grid by half a sample, and jitter by a quarter on top.
const jitterSamplesMax = 0.75;
/**
 * Builds a resampler for one sensor.
 *
 * Rows of an irregular source are interpolated linearly. Rows of a regular source of the grid's own rate are copied to
 * the nearest places on the grid; when its clock drifts from the grid's by most of a sample, a row is filled in or
 * dropped, and counted.
 */
export function createResampler(options: ResamplerOptions): Resampler {
  const { channels, rateHz, gapSamplesMax = gapSamplesMaxDefault } = options;
  const gridUs = 1e6 / rateHz;
  const counters: ResamplerCounters = {
    samples: 0,
    samplesRepeated: 0,
    samplesDropped: 0,
    samplesFilled: 0,
    gaps: 0,
    refused: {
      SAMPLES_SHAPE: 0,
      SAMPLES_NOT_FINITE: 0,
      SAMPLES_TIME_INVALID: 0,
      SAMPLES_TIME_BACK: 0,
    },
  };
  const state: State = {
    channels,
    gridUs,
    gapSamplesMax,
    counters,
    next: 0,
    lastUs: Number.NEGATIVE_INFINITY,
    lastRow: new Float32Array(channels),
  };
  return {
    counters,
    push(samples) {
      const refusal = inspectSamples(samples, state);
      if (refusal) {
        counters.refused[refusal.code] += 1;
        return refusal;
      }
      const rows = samples.data.length / channels;
      if (rows === 0) return [];
      counters.samples += rows;
      return isOnGrid(samples, gridUs) ? copy(samples, rows, state) : interpolate(samples, state);
    },
  };
}

type State = {
  readonly channels: number;
  readonly gridUs: number;
  readonly gapSamplesMax: number;
  readonly counters: ResamplerCounters;
  /** The place on the grid that comes next. */
  next: number;
  /** Time of the last row that was taken; minus infinity before the first. */
  lastUs: number;
  readonly lastRow: Float32Array;
};

const isOnGrid = (samples: Samples, gridUs: number): boolean =>
  samples.periodUs !== undefined && Math.abs(samples.periodUs / gridUs - 1) <= periodToleranceMax;

/** Takes rows of a regular source of the grid's own rate. */
function copy(samples: Samples, rows: number, state: State): readonly GridRun[] {
  const { channels, gridUs, counters } = state;
  const started = state.lastUs !== Number.NEGATIVE_INFINITY;
  const ahead = samples.startUs / gridUs - state.next;
  const missing = started && ahead > jitterSamplesMax ? Math.round(ahead) : 0;
  const early = started && ahead < -jitterSamplesMax ? Math.min(rows, Math.round(-ahead)) : 0;
  const continues = started && missing <= state.gapSamplesMax;
  const filled = continues ? missing : 0;
  const data =
    filled === 0 && early === 0 ? samples.data : shifted(samples, { filled, early }, state);
  if (!continues) state.next = Math.round(samples.startUs / gridUs);
  if (started && !continues) counters.gaps += 1;
  counters.samplesFilled += filled;
  counters.samplesDropped += early;
  const firstIndex = state.next;
  state.next += filled + rows - early;
  state.lastUs = samples.startUs + (rows - 1) * gridUs;
  state.lastRow.set(samples.data.subarray((rows - 1) * channels));
  return data.length === 0 ? [] : [{ firstIndex, data, continues }];
}

/** The packet's rows after those that came early, behind those that were missing. */
function shifted(
  { data }: Samples,
  { filled, early }: { readonly filled: number; readonly early: number },
  state: State,
): Float32Array {
  const kept = data.subarray(early * state.channels);
  const all = new Float32Array(filled * state.channels + kept.length);
  all.set(kept, filled * state.channels);
  fill(all, filled, state);
  return all;
}

/** Draws a line from the last row taken to row `rows` of `data`. */
function fill(data: Float32Array, rows: number, { channels, lastRow }: State): void {
  for (let row = 0; row < rows; row += 1) {
    const share = (row + 1) / (rows + 1);
    for (let channel = 0; channel < channels; channel += 1) {
      const from = lastRow[channel]!;
      const to = data[rows * channels + channel]!;
      data[row * channels + channel] = from + share * (to - from);
    }
  }
}

/** Takes rows of an irregular source, or of one of another rate. */
function interpolate(samples: Samples, state: State): readonly GridRun[] {
  const timesUs = samples.timesUs ?? regularTimes(samples, state.channels);
  const gapUs = state.gapSamplesMax * state.gridUs;
  const runs: GridRun[] = [];
  let from = 0;
  while (from < timesUs.length) {
    const continues = timesUs[from]! - state.lastUs <= gapUs;
    if (!continues) startAt(samples, timesUs, from, state);
    let to = from + 1;
    while (to < timesUs.length && timesUs[to]! - timesUs[to - 1]! <= gapUs) to += 1;
    const run = interpolateStretch({ data: samples.data, timesUs, from, to, continues }, state);
    if (run) runs.push(run);
    from = to;
  }
  return runs;
}

function regularTimes(samples: Samples, channels: number): Float64Array {
  const times = new Float64Array(samples.data.length / channels);
  const periodUs = samples.periodUs ?? 0;
  for (let row = 0; row < times.length; row += 1) times[row] = samples.startUs + row * periodUs;
  return times;
}

function startAt(samples: Samples, timesUs: Float64Array, row: number, state: State): void {
  if (state.lastUs !== Number.NEGATIVE_INFINITY) state.counters.gaps += 1;
  state.lastUs = timesUs[row]!;
  state.lastRow.set(samples.data.subarray(row * state.channels, (row + 1) * state.channels));
  state.next = Math.ceil(state.lastUs / state.gridUs);
}

type Stretch = {
  readonly data: Float32Array;
  readonly timesUs: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly continues: boolean;
};

function interpolateStretch(stretch: Stretch, state: State): GridRun | undefined {
  const { data, timesUs, from, to, continues } = stretch;
  const { channels, gridUs } = state;
  const firstIndex = state.next;
  const rowsMax = Math.max(0, Math.floor(timesUs[to - 1]! / gridUs) - firstIndex + 2);
  const out = new Float32Array(rowsMax * channels);
  for (let row = from; row < to; row += 1) {
    // The first row of a stretch that does not continue another is its own last row already.
    if (timesUs[row] === state.lastUs && (continues || row > from)) {
      state.counters.samplesRepeated += 1;
      continue;
    }
    draw(out, firstIndex, state, { row: data, at: row * channels, us: timesUs[row]! });
  }
  const rows = state.next - firstIndex;
  return rows === 0 ? undefined : { firstIndex, data: out.subarray(0, rows * channels), continues };
}

type Point = { readonly row: Float32Array; readonly at: number; readonly us: number };

/** Draws the line from the last row to `point` over the places on the grid between them. */
function draw(out: Float32Array, firstIndex: number, state: State, point: Point): void {
  const { channels, gridUs, lastRow } = state;
  const spanUs = point.us - state.lastUs;
  for (; state.next * gridUs <= point.us; state.next += 1) {
    const share = spanUs === 0 ? 1 : (state.next * gridUs - state.lastUs) / spanUs;
    const to = (state.next - firstIndex) * channels;
    for (let c = 0; c < channels; c += 1) {
      const value = point.row[point.at + c]!;
      // A sample that stands on the grid is copied bit for bit.
      out[to + c] = share === 1 ? value : lastRow[c]! + share * (value - lastRow[c]!);
    }
  }
  for (let c = 0; c < channels; c += 1) lastRow[c] = point.row[point.at + c]!;
  state.lastUs = point.us;
}
