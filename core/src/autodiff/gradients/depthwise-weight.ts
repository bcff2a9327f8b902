import { int, ints } from "../../graph/builder.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32 } from "../../graph/tensor.ts";
import type { RuleContext } from "../rule.ts";
import { cut, floatConstant, range, sumOver } from "../shapes.ts";
import type { Window } from "../window.ts";
import { knownSize, padSpatial, slicesOf } from "../window.ts";
import type { WeightGradientOf } from "./convolution-weight.ts";

/**
 * Columns for each tap of a row, up to which products of whole rows pay. With three taps they take 0.29 of the time of
 * a tap after the other at 5 columns, 0.41 to 0.52 at 16, 0.72 to 0.86 at 32 and 1.1 to 1.3 at 48.
 */
const columnsByTapMax = 11;

/** The gradient of a depthwise convolution's weight, `[channels, 1, ...kernel]`. */
export function depthwiseGradient(
  c: RuleContext,
  w: Window,
  of: WeightGradientOf,
  channels: number,
): string {
  const [, , , columns] = of.inputDims;
  const isNarrow =
    columns !== undefined && knownSize(c, columns) <= columnsByTapMax * (w.kernel[1] ?? 1);
  return isNarrow && of.inputDims.length === 4
    ? byRows(c, w, of, channels)
    : byTaps(c, w, of, channels);
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
 * A matrix product a channel and row of the kernel: every input column with every output column, added up over batch
 * and rows. The columns that a tap pairs lie on a diagonal, which a product with ones and zeros adds up; so columns need
 * no padding.
 */
function byRows(c: RuleContext, w: Window, of: WeightGradientOf, channels: number): string {
  const [rows = 1, columns = 1] = of.upDims.slice(2).map((dim) => knownSize(c, dim));
  const [kernelRows = 1, taps = 1] = w.kernel;
  const [step = 1] = w.strides;
  const [dilation = 1] = w.dilations;
  const width = knownSize(c, of.inputDims[3]);
  const perm = ints([1, 0, 2, 3]);
  const up = c.op("Reshape", [
    c.op("Transpose", [of.up], { perm }),
    c.ints([channels, -1, columns]),
  ]);
  const input = padRows(c, w, c.op("Transpose", [of.input], { perm }));
  const products = range(0, kernelRows).map((row) => {
    const start = row * dilation;
    const end = start + step * (rows - 1) + 1;
    const met = cut(c, input, { axes: [2], starts: [start], ends: [end], steps: [step] });
    const columnsOf = c.op("Reshape", [met, c.ints([channels, -1, width])]);
    return c.op("MatMul", [c.op("Transpose", [columnsOf], { perm: ints([0, 2, 1]) }), up]);
  });
  const pairs = kernelRows === 1 ? (products[0] ?? "") : c.op("Concat", products, { axis: int(1) });
  const flat = c.op("Reshape", [pairs, c.ints([channels * kernelRows, width * columns])]);
  const sums = c.op("MatMul", [flat, floatConstant(c, diagonalsOf(w, width, columns))]);
  return c.op("Reshape", [sums, c.ints([channels, 1, kernelRows, taps])]);
}

function padRows(c: RuleContext, w: Window, value: string): string {
  const pads = [w.begins[0] ?? 0, w.ends[0] ?? 0];
  return pads.every((pad) => pad === 0)
    ? value
    : c.op("Pad", [value, c.ints(pads), "", c.ints([2])]);
}

/** Ones where a tap pairs an input column with an output column, `[width * columns, taps]`. */
function diagonalsOf(w: Window, width: number, columns: number): Tensor {
  const [, taps = 1] = w.kernel;
  const [, step = 1] = w.strides;
  const [, dilation = 1] = w.dilations;
  const [, begin = 0] = w.begins;
  const ones = new Float32Array(width * columns * taps);
  for (let tap = 0; tap < taps; tap += 1) {
    for (let column = 0; column < columns; column += 1) {
      const from = column * step + tap * dilation - begin;
      if (from >= 0 && from < width) ones[(from * columns + column) * taps + tap] = 1;
    }
  }
  return f32(ones, [width * columns, taps]);
}
