import type { Samples } from "./samples.ts";

/** Why a packet was refused; the stream goes on with the next one. */
export type SamplesRefusal = {
  readonly code:
    | "SAMPLES_SHAPE"
    | "SAMPLES_NOT_FINITE"
    | "SAMPLES_TIME_INVALID"
    | "SAMPLES_TIME_BACK";
  readonly message: string;
};

// Beyond this a packet is not early, it is old.
const earlySamplesMax = 2;

/** What inspection needs to know of the stream so far. */
export type StreamPosition = {
  readonly channels: number;
  /** Time between two places on the grid. */
  readonly gridUs: number;
  /** The place on the grid that comes next. */
  readonly next: number;
  /** Time of the last row that was taken. */
  readonly lastUs: number;
};

/** Says why a packet cannot be taken; `undefined` when it can. */
export function inspectSamples(samples: Samples, at: StreamPosition): SamplesRefusal | undefined {
  const { data, startUs, periodUs, timesUs } = samples;
  const rows = data.length / at.channels;
  if (!Number.isInteger(rows) || (timesUs && timesUs.length !== rows)) {
    const message = `a packet must hold whole rows of ${at.channels} channels, and a time for each`;
    return { code: "SAMPLES_SHAPE", message };
  }
  for (let i = 0; i < data.length; i += 1) {
    if (!Number.isFinite(data[i]!)) {
      const message = `row ${Math.floor(i / at.channels)}, channel ${i % at.channels} is no finite number`;
      return { code: "SAMPLES_NOT_FINITE", message };
    }
  }
  if (!Number.isSafeInteger(startUs) || (periodUs !== undefined && !isPeriod(periodUs))) {
    const message = "times must be integer microseconds UTC, a period positive microseconds";
    return { code: "SAMPLES_TIME_INVALID", message };
  }
  return timesUs ? inspectTimes(timesUs, at.lastUs) : inspectStart(startUs, rows, at);
}

const isPeriod = (periodUs: number): boolean => Number.isFinite(periodUs) && periodUs > 0;

function inspectTimes(timesUs: Float64Array, lastUs: number): SamplesRefusal | undefined {
  let beforeUs = lastUs;
  for (let row = 0; row < timesUs.length; row += 1) {
    const atUs = timesUs[row]!;
    if (!Number.isFinite(atUs)) {
      return {
        code: "SAMPLES_TIME_INVALID",
        message: `the time of row ${row} is no finite number`,
      };
    }
    if (atUs < beforeUs) {
      const message = `row ${row} is ${beforeUs - atUs} microseconds before the row that came first`;
      return { code: "SAMPLES_TIME_BACK", message };
    }
    beforeUs = atUs;
  }
  return undefined;
}

function inspectStart(
  startUs: number,
  rows: number,
  at: StreamPosition,
): SamplesRefusal | undefined {
  if (rows === 0 || startUs / at.gridUs >= at.next - earlySamplesMax) return undefined;
  const earlyUs = Math.round(at.next * at.gridUs - startUs);
  const message = `the packet starts ${earlyUs} microseconds before the end of the one that came first`;
  return { code: "SAMPLES_TIME_BACK", message };
}
