import { f32 } from "../graph/tensor.ts";
import type { Stage } from "./block.ts";
import { append } from "./block.ts";

/** How a window is faded before its spectrum is taken. */
export type Taper = "hann" | "none";

/** The weights of a taper; Hann's is the periodic one, as for overlapping segments. */
export const taperOf = (taper: Taper, length: number): readonly number[] =>
  Array.from({ length }, (_, t) =>
    taper === "none" ? 1 : 0.5 - 0.5 * Math.cos((2 * Math.PI * t) / length),
  );

/** Number of frequencies of a real signal, from 0 to half the rate. */
export const binsOf = (length: number): number => Math.floor(length / 2) + 1;

/** How often a frequency counts in a one-sided spectrum: twice, but for the first and the one at half the rate. */
export const sidesOf = (bin: number, length: number): number =>
  bin === 0 || 2 * bin === length ? 1 : 2;

/**
 * Squares of the tapered discrete Fourier transform, `[N, channel, bin]`, each bin times a factor.
 *
 * A product with constant cosines and sines: for windows of some hundred samples faster than a DFT operator, and every
 * runtime and the quantizer know it.
 */
export function power(stage: Stage, taper: Taper, factorOf: (bin: number) => number): Stage {
  const { length, builder } = stage;
  const bins = binsOf(length);
  const weights = taperOf(taper, length);
  const matrix = (wave: (angle: number) => number, hint: string): string => {
    const data = weights.flatMap((weight, t) =>
      Array.from({ length: bins }, (_, bin) => {
        // The angle is reduced first: at t * bin of some thousands the product loses digits.
        const turn = ((t * bin) % length) / length;
        return weight * Math.sqrt(factorOf(bin)) * wave(2 * Math.PI * turn);
      }),
    );
    return builder.constant(f32(data, [length, bins]), `spectrum/${hint}`);
  };
  const [real, imaginary] = [
    append(stage, "MatMul", [matrix(Math.cos, "cos")]),
    append(stage, "MatMul", [matrix(Math.sin, "sin")]),
  ];
  const square = (part: Stage): Stage => append(part, "Mul", [part.value]);
  return { ...append(square(real), "Add", [square(imaginary).value]), length: bins };
}
