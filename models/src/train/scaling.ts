import type { ChannelInfo } from "@edgeloop/core/data";
import type { Examples } from "./examples.ts";

/** Constants of a `standardize` block: `(x − mean) · scale`, one a channel. */
export type Scaling = { readonly mean: readonly number[]; readonly scale: readonly number[] };

/**
 * Fits the input scaling: one factor a unit, so that the axes of a sensor keep their proportions and a rotation of the
 * sensor stays a rotation of the input.
 *
 * @returns Mean 0 and the reciprocal root mean square over all channels of the same unit; 1 for silent channels.
 */
export function fitScaling(examples: Examples, channels: readonly ChannelInfo[]): Scaling {
  const squares = new Float64Array(channels.length);
  const { data } = examples;
  for (let index = 0; index < data.length; index += 1) {
    const value = data[index] ?? 0;
    const channel = index % channels.length;
    squares[channel] = (squares[channel] ?? 0) + value * value;
  }
  const rows = data.length / channels.length;
  const scaleOf = (unit: string): number => {
    const same = channels.flatMap((info, index) => (info.unit === unit ? [index] : []));
    const sum = same.reduce((total, index) => total + (squares[index] ?? 0), 0);
    const rms = Math.sqrt(sum / (rows * same.length));
    return rms > 0 ? 1 / rms : 1;
  };
  return { mean: channels.map(() => 0), scale: channels.map(({ unit }) => scaleOf(unit)) };
}
