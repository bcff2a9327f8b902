/**
 * A stretch of one sensor's regular samples, row-major `[time, channel]`.
 *
 * Windows start at integer multiples of the hop since the epoch, so that a restart, a replay and another gateway cut
 * the same ones.
 */
export type Window = {
  readonly sensor: string;
  readonly startUs: number;
  readonly rateHz: number;
  readonly data: Float32Array;
};

/** How a stream is cut: window length and hop in samples at `rateHz`. */
export type WindowSpec = {
  readonly rateHz: number;
  readonly lengthSamples: number;
  readonly hopSamples: number;
};
