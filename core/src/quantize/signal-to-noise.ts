import { EdgeloopError } from "../platform/errors.ts";

/**
 * Measures how far an approximation is from its reference: 10·log10(signal power / error power), in decibels.
 * Each bit that quantization keeps is worth about 6 dB. Infinity when both are equal.
 *
 * @throws `SHAPE_MISMATCH` when lengths differ.
 * @example
 * signalToNoiseDb(Float32Array.of(10, 10), Float32Array.of(11, 9)); // => 20
 */
export function signalToNoiseDb(reference: Float32Array, approximation: Float32Array): number {
  if (reference.length !== approximation.length) {
    throw new EdgeloopError("SHAPE_MISMATCH", "expected two arrays of one length", {
      details: { reference: reference.length, approximation: approximation.length },
    });
  }
  const meter = noiseMeter();
  meter.add(reference, approximation);
  return meter.decibels();
}

/** Measures over several pieces of a signal. */
export type NoiseMeter = {
  add(reference: Float32Array, approximation: Float32Array): void;
  /** Infinity when nothing differs. */
  decibels(): number;
};

/** Starts a measurement of signal over noise. */
export function noiseMeter(): NoiseMeter {
  let signal = 0;
  let noise = 0;
  return {
    add(reference, approximation) {
      for (const [i, value] of reference.entries()) {
        signal += value * value;
        noise += (value - (approximation[i] ?? 0)) ** 2;
      }
    },
    decibels: () => (noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise)),
  };
}
