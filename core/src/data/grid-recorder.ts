import type { Label } from "./label.ts";
import type { RecordingContent } from "./recording.ts";
import type { GridRun, ResamplerOptions } from "./resampler.ts";
import { createResampler } from "./resampler.ts";

/** What was recorded; labels begin and end on the grid. */
export type GridContent = RecordingContent;

/** What a recorder saw so far. */
export type GridCounters = {
  readonly rows: number;
  readonly rowsRepeated: number;
  readonly gaps: number;
};

/** Puts labelled rows onto the grid. */
export type GridRecorder = {
  /** Takes a row; false when its time lies before the one above. A row of the same time is dropped. */
  add(timeUs: number, values: readonly number[], label: string | undefined): boolean;
  end(): GridContent;
  readonly counters: GridCounters;
};

const blockRows = 4096;

/**
 * Builds a recorder of rows with a label each.
 *
 * A place on the grid has the label of the last row at or before it, so that windows on the grid have the label of most
 * of their samples.
 */
export function createGridRecorder(options: ResamplerOptions): GridRecorder {
  const { channels, rateHz } = options;
  const gridUs = 1e6 / rateHz;
  const resampler = createResampler(options);
  const runs: GridRun[] = [];
  const changes: Change[] = [];
  let times: number[] = [];
  let values: number[] = [];
  let lastUs = Number.NEGATIVE_INFINITY;
  let rows = 0;
  let rowsRepeated = 0;

  const flush = (): void => {
    const timesUs = Float64Array.from(times);
    const data = Float32Array.from(values);
    const result = resampler.push({ sensor: "", startUs: times[0] ?? 0, timesUs, data });
    if (!("code" in result)) runs.push(...result);
    times = [];
    values = [];
  };
  return {
    get counters() {
      return { rows, rowsRepeated, gaps: resampler.counters.gaps };
    },
    add(timeUs, row, label) {
      if (timeUs < lastUs) return false;
      rows += 1;
      if (timeUs === lastUs) {
        rowsRepeated += 1;
        return true;
      }
      lastUs = timeUs;
      times.push(timeUs);
      values.push(...row);
      if (changes.at(-1)?.label !== label) {
        changes.push({ index: Math.ceil(timeUs / gridUs), label });
      }
      if (times.length === blockRows) flush();
      return true;
    },
    end() {
      flush();
      const data = new Float32Array(runs.reduce((sum, run) => sum + run.data.length, 0));
      let at = 0;
      for (const run of runs) {
        data.set(run.data, at);
        at += run.data.length;
      }
      const stretches = joined(runs, channels);
      return {
        timesUs: gridTimes(stretches, gridUs),
        data,
        labels: labelsOf(changes, stretches, gridUs),
      };
    },
  };
}

/** From `index` on the label is another. */
type Change = { readonly index: number; readonly label: string | undefined };

/** Places on the grid without a gap between. */
type Stretch = { readonly from: number; readonly to: number };

function joined(runs: readonly GridRun[], channels: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const { firstIndex, data, continues } of runs) {
    const to = firstIndex + data.length / channels;
    const before = continues ? stretches.pop() : undefined;
    stretches.push({ from: before?.from ?? firstIndex, to });
  }
  return stretches;
}

function gridTimes(stretches: readonly Stretch[], gridUs: number): Float64Array {
  const rows = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  const times = new Float64Array(rows);
  let row = 0;
  for (const { from, to } of stretches) {
    for (let index = from; index < to; index += 1) {
      times[row] = Math.round(index * gridUs);
      row += 1;
    }
  }
  return times;
}

function labelsOf(
  changes: readonly Change[],
  stretches: readonly Stretch[],
  gridUs: number,
): readonly Label[] {
  const labels: Label[] = [];
  let first = 0;
  for (const [at, { index, label }] of changes.entries()) {
    const until = changes[at + 1]?.index ?? Number.POSITIVE_INFINITY;
    while ((stretches[first]?.to ?? Number.POSITIVE_INFINITY) <= index) first += 1;
    for (let i = first; i < stretches.length; i += 1) {
      const stretch = stretches[i] as Stretch;
      if (label === undefined || stretch.from >= until) break;
      const startUs = Math.round(Math.max(index, stretch.from) * gridUs);
      const endUs = Math.round(Math.min(until, stretch.to) * gridUs);
      if (startUs < endUs) labels.push({ startUs, endUs, label, by: "import" });
    }
  }
  return labels;
}
