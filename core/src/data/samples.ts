/** What a sensor declares once: its channels in order, their SI units, and its rate. */
export type SensorInfo = {
  readonly sensor: string;
  readonly channels: readonly ChannelInfo[];
  /** Samples a second; for an irregular source the rate to which windows are resampled. */
  readonly rateHz: number;
};

/** One channel of a sensor. */
export type ChannelInfo = { readonly name: string; readonly unit: string };

/**
 * A packet of samples, as an adapter yields it: an object a sample would cost more than the transport.
 *
 * `data` is row-major `[time, channel]`. Regular packets have `periodUs`, irregular ones `timesUs` (one a row,
 * non-decreasing). Times are integer microseconds UTC.
 */
export type Samples = {
  readonly sensor: string;
  readonly startUs: number;
  readonly data: Float32Array;
} & (
  | { readonly periodUs: number; readonly timesUs?: never }
  | { readonly timesUs: Float64Array; readonly periodUs?: never }
);
