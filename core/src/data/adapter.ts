import type { Samples, SensorInfo } from "./samples.ts";

/** Why an adapter refused a payload; the stream goes on. */
export type Refusal = {
  readonly code: string;
  readonly message: string;
  readonly atUs: number;
  /** The payload or its beginning, for the bounded quarantine. */
  readonly payload?: Uint8Array;
};

/**
 * A source of samples.
 *
 * An adapter is a generator, not an emitter: pull gives backpressure for free. It never throws on input: a payload that
 * it cannot read goes to `refuse`.
 */
export type Adapter = {
  readonly info: SensorInfo;
  /** Yields packets until the source ends or `signal` aborts. */
  samples(options: AdapterRun): AsyncIterable<Samples>;
};

/** What an adapter needs while it runs. */
export type AdapterRun = {
  readonly signal: AbortSignal;
  readonly refuse: (refusal: Refusal) => void;
};
