import { EdgeloopError } from "../platform/errors.ts";

/** Values that an activation takes. */
export type Range = { readonly min: number; readonly max: number };

/** How real numbers map to 8-bit integers: `real = (integer - zeroPoint) * scale`. */
export type Int8Params = { readonly scale: number; readonly zeroPoint: number };

/** Least and largest integer of an 8-bit type. */
export type IntegerLimits = { readonly low: number; readonly high: number };

/** Limits of int8. */
export const int8Limits: IntegerLimits = { low: -128, high: 127 };
/** Limits of uint8. */
export const uint8Limits: IntegerLimits = { low: 0, high: 255 };

/** Smallest scale: a product of two, and a bias in units of it, is still a normal float32. */
export const scaleMin: number = 2 ** -40;

/** Largest bias that is used, a little below 2^31, so that rounding the scale to float32 cannot overflow. */
const int32BiasMax = 2 ** 31 - 2 ** 9;

/**
 * Chooses scale and zero point of an activation. The range is widened to hold 0, which gets an integer of its own:
 * padding with zeros stays exact.
 *
 * @throws `RANGE_INVALID` when the range is not finite or upside down.
 * @see Jacob et al. 2018, arXiv:1712.05877, section 3.1
 * @example
 * activationParams({ min: 0, max: 255 }); // => { scale: 1, zeroPoint: -128 }
 */
export function activationParams(
  { min, max }: Range,
  { low, high }: IntegerLimits = int8Limits,
): Int8Params {
  if (!Number.isFinite(min) || !Number.isFinite(max) || min > max) {
    throw new EdgeloopError("RANGE_INVALID", "expected finite min and max, min first", {
      details: { min, max },
    });
  }
  const [from, to] = [Math.min(min, 0), Math.max(max, 0)];
  const scale = Math.fround(Math.max((to - from) / (high - low), scaleMin));
  const zeroPoint = Math.round(low - from / scale);
  return { scale: from === to ? 1 : scale, zeroPoint: Math.min(high, Math.max(low, zeroPoint)) };
}

/**
 * Chooses the scale of an activation whose zero is the middle integer: 0 of int8, 128 of uint8.
 *
 * @throws `RANGE_INVALID` when the range is not finite or upside down.
 * @example
 * symmetricParams({ min: -254, max: 1 }); // => { scale: 2, zeroPoint: 0 }
 */
export function symmetricParams(range: Range, limits: IntegerLimits = int8Limits): Int8Params {
  const { high, low } = limits;
  const largest = Math.max(Math.abs(range.min), Math.abs(range.max));
  const zeroPoint = Math.floor((high + low + 1) / 2);
  const steps = high - zeroPoint;
  const whole = activationParams({ ...range, min: Math.min(range.min, 0) }, limits);
  const scale = Math.fround(Math.max(largest / steps, scaleMin));
  return { scale: largest === 0 ? whole.scale : scale, zeroPoint };
}

/** A weight tensor seen as channels: channel of element i is `⌊i / stride⌋ mod channels`. */
export type Channels = { readonly channels: number; readonly stride: number };

/**
 * Chooses one symmetric scale for each output channel, integers from -127 to 127. A scale is raised where the bias
 * would not fit 32 bits in units of input scale × weight scale; a channel of zeros gets the smallest that holds it.
 *
 * @param bias One for each channel, when there is one.
 * @returns Scales `[channels]`, float32 values.
 * @see Krishnamoorthi 2018, arXiv:1806.08342, section 3 (symmetric, per channel)
 * @example
 * weightScales(Float32Array.of(127, -254), { channels: 2, stride: 1 }, 1); // => Float32Array.of(1, 2)
 */
export function weightScales(
  weights: Float32Array,
  { channels, stride }: Channels,
  inputScale: number,
  bias?: Float32Array,
): Float32Array {
  const largest = new Float64Array(channels);
  for (let i = 0; i < weights.length; i += 1) {
    const channel = Math.floor(i / stride) % channels;
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(weights[i] ?? 0));
  }
  return Float32Array.from(largest, (max, channel) => {
    const forBias = scaleForBias(bias?.[channel] ?? 0, inputScale);
    const scale = Math.max(max / 127, forBias);
    return scale === 0 ? 1 : Math.max(scale, scaleMin);
  });
}

/** Least weight scale with which a bias fits 32 bits. */
const scaleForBias = (bias: number, inputScale: number): number =>
  Math.abs(bias) / (inputScale * int32BiasMax);

/** Raises scales where the bias would not fit 32 bits; others stay. */
export const raiseForBias = (
  scales: Float32Array,
  bias: Float32Array,
  inputScale: number,
): Float32Array =>
  scales.map((scale, channel) => Math.max(scale, scaleForBias(bias[channel] ?? 0, inputScale)));

/**
 * Rounds weights to integers, half to even as QuantizeLinear does.
 *
 * @example
 * quantizeWeights(Float32Array.of(0.5, 1.5, -9), { channels: 1, stride: 3 }, Float32Array.of(1)); // => Int8Array.of(0, 2, -9)
 */
export function quantizeWeights(
  weights: Float32Array,
  { channels, stride }: Channels,
  scales: Float32Array,
): Int8Array {
  return Int8Array.from(weights, (weight, i) => {
    const scale = scales[Math.floor(i / stride) % channels] ?? 1;
    // The quotient in float32, as QuantizeLinear computes it.
    return Math.min(127, Math.max(-128, roundHalfEven(Math.fround(weight / scale))));
  });
}

/** Rounds a bias to 32-bit integers in units of input scale × weight scale, and gives those units. */
export function quantizeBias(
  bias: Float32Array,
  scales: Float32Array,
  inputScale: number,
): { readonly integers: Int32Array; readonly scales: Float32Array } {
  const units = scales.map((scale) => scale * inputScale);
  return {
    integers: Int32Array.from(bias, (b, i) => roundHalfEven(b / (units[i] ?? 1))),
    scales: units,
  };
}

/** Rounds to the nearest integer; a half goes to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
