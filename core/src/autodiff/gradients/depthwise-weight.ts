import { int, ints } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import type { RuleContext } from "../rule.ts";
import { cut, floatConstant, range, sumOver } from "../shapes.ts";
import type { Window } from "../window.ts";
import { knownSize, padSpatial, slicesOf } from "../window.ts";
import type { WeightGradientOf } from "./convolution-weight.ts";

/**
 * Multiply-accumulates of a product of whole rows, for each one that counts, up to which the product pays: at 7 (a
 * width of 5, three taps) it takes 0.57 of the time of a tap after the other natively and 0.44 on wasm.
 */
const wasteMax = 8;

/** The gradient of a depthwise convolution's weight, `[channels, 1, ...kernel]`. */
export function depthwiseGradient(
  c: RuleContext,
  w: Window,
  of: WeightGradientOf,
  channels: number,
): string {
  const width = of.inputDims.at(-1);
  const padded = knownSize(c, width) + (w.begins.at(-1) ?? 0) + (w.ends.at(-1) ?? 0);
  const isNarrow = of.inputDims.length === 4 && padded <= wasteMax * (w.kernel.at(-1) ?? 1);
  return isNarrow ? byRows(c, w, of, channels) : byTaps(c, w, of, channels);
}

/** Multiplies and adds up what each tap met. */
function byTaps(c: RuleContext, w: Window, of: WeightGradientOf, channels: number): string {
  const rank = of.upDims.length;
  const padded = padSpatial(c, w, { name: of.input, axis: 2 });
  const slices = slicesOf(c, w, { padded, axis: 2, out: of.upDims.slice(2) });
  const sums = slices.map((slice) => {
    const sum = sumOver(c, c.op("Mul", [slice, of.up]), [0, ...range(2, rank)]);
    return c.op("Reshape", [sum, c.ints([channels, 1])]);
  });
  const taps = c.op("Concat", sums, { axis: int(1) });
  return c.op("Reshape", [taps, c.ints([channels, 1, ...w.kernel])]);
}

/**
 * A matrix product a channel: for each row of the kernel, every input column with every output column, added up over
 * batch and rows. The columns that a tap pairs lie on a diagonal, which a product with ones and zeros adds up.
 */
function byRows(c: RuleContext, w: Window, of: WeightGradientOf, channels: number): string {
  const [rows, columns] = of.upDims.slice(2).map((dim) => knownSize(c, dim)) as [number, number];
  const [kernelRows = 1, taps = 1] = w.kernel;
  const [rowStep = 1, columnStep = 1] = w.strides;
  const [rowDilation = 1, columnDilation = 1] = w.dilations;
  const padded = padSpatial(c, w, { name: of.input, axis: 2 });
  const width = knownSize(c, of.inputDims[3]) + (w.begins[1] ?? 0) + (w.ends[1] ?? 0);
  // [channels, columns, batch, rows]
  const byColumn = c.op("Transpose", [padded], { perm: ints([1, 3, 0, 2]) });
  const shifted = range(0, kernelRows).map((row) => {
    const start = row * rowDilation;
    const end = start + rowStep * (rows - 1) + 1;
    const met = cut(c, byColumn, { axes: [3], starts: [start], ends: [end], steps: [rowStep] });
    return c.op("Reshape", [met, c.ints([channels, width, -1])]);
  });
  const met = kernelRows === 1 ? (shifted[0] ?? "") : c.op("Concat", shifted, { axis: int(1) });
  const swapped = c.op("Transpose", [of.up], { perm: ints([1, 0, 2, 3]) });
  const up = c.op("Reshape", [swapped, c.ints([channels, -1, columns])]);
  const pairs = c.op("MatMul", [met, up]);
  const diagonals = new Float32Array(width * columns * taps);
  for (let tap = 0; tap < taps; tap += 1) {
    for (let column = 0; column < columns; column += 1) {
      const from = column * columnStep + tap * columnDilation;
      diagonals[(from * columns + column) * taps + tap] = 1;
    }
  }
  const flat = c.op("Reshape", [pairs, c.ints([channels * kernelRows, width * columns])]);
  const sums = c.op("MatMul", [flat, floatConstant(c, f32(diagonals, [width * columns, taps]))]);
  return c.op("Reshape", [sums, c.ints([channels, 1, kernelRows, taps])]);
}
