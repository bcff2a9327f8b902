import { int, ints } from "../../graph/builder.ts";
import type { Dim } from "../../graph/graph.ts";
import type { RuleContext } from "../rule.ts";
import { range } from "../shapes.ts";
import type { Spatial, Window } from "../window.ts";
import { knownSize, padSpatial, slicesOf, tapsOf } from "../window.ts";
import { depthwiseGradient } from "./depthwise-weight.ts";

/** What a convolution read and what came back: `up` has the sizes of its output. */
export type WeightGradientOf = {
  readonly input: string;
  readonly inputDims: readonly Dim[];
  readonly up: string;
  readonly upDims: readonly Dim[];
  readonly group: number;
};

/**
 * Channels from which a product a tap beats one product of all taps: at 16 and more it takes 0.54 to 0.83 of its time
 * (patches need not be laid side by side, nor packed across), at 9 1.3 times, at 3 twice.
 */
const channelsByTapMin = 16;

/**
 * The gradient of a convolution's weight, from one slice of the padded input a kernel tap: where each output position
 * reads the input.
 *
 * With 16 channels and more this costs 0.95 to 1.2 times the forward pass, on wasm and natively; as a Conv over
 * swapped axes 1.9 to 3.4 times, with the patches picked by Gather 2.8 to 5 times.
 */
export function weightGradient(c: RuleContext, w: Window, of: WeightGradientOf): string {
  const channels = knownSize(c, of.inputDims[1]);
  const filters = knownSize(c, of.upDims[1]);
  if (of.group === channels && filters === channels && channels > 1) {
    return depthwiseGradient(c, w, of, channels);
  }
  if (of.group > 1) return byGroup(c, w, of);
  return channels < channelsByTapMin ? byPatch(c, w, of) : byTap(c, w, of);
}

const slices = (c: RuleContext, w: Window, of: WeightGradientOf, source: Spatial): string[] =>
  slicesOf(c, w, { padded: padSpatial(c, w, source), axis: source.axis, out: of.upDims.slice(2) });

const joined = (c: RuleContext, parts: readonly string[], axis: number): string =>
  parts.length === 1 ? (parts[0] ?? "") : c.op("Concat", parts, { axis: int(axis) });

/** Channels first, so that a value is a matrix `[channels, positions of the whole batch]`. */
const channelsFirst = (c: RuleContext, value: string, rank: number): string =>
  c.op("Transpose", [value], { perm: ints([1, 0, ...range(2, rank)]) });

/** `[filters, positions] x [positions, channels]` a tap: with channels last a slice is copied in long runs. */
function byTap(c: RuleContext, w: Window, of: WeightGradientOf): string {
  const rank = of.inputDims.length;
  const channels = knownSize(c, of.inputDims[1]);
  const filters = knownSize(c, of.upDims[1]);
  const last = c.op("Transpose", [of.input], { perm: ints([0, ...range(2, rank), 1]) });
  const up = c.op("Reshape", [channelsFirst(c, of.up, rank), c.ints([filters, -1])]);
  const products = slices(c, w, of, { name: last, axis: 1 }).map((met) =>
    c.op("Gemm", [up, c.op("Reshape", [met, c.ints([-1, channels])])]),
  );
  const taps = products.length;
  const shape = c.ints([filters, channels, ...w.kernel]);
  if (taps === 1) return c.op("Reshape", [products[0] ?? "", shape]);
  const all = c.op("Reshape", [joined(c, products, 1), c.ints([filters, taps, channels])]);
  return c.op("Reshape", [c.op("Transpose", [all], { perm: ints([0, 2, 1]) }), shape]);
}

/** One product of all taps, laid side by side; the smaller matrix is the one that the runtime has to repack. */
function byPatch(c: RuleContext, w: Window, of: WeightGradientOf): string {
  const rank = of.inputDims.length;
  const channels = knownSize(c, of.inputDims[1]);
  const filters = knownSize(c, of.upDims[1]);
  const source = { name: channelsFirst(c, of.input, rank), axis: 2 };
  const taps = tapsOf(w.kernel).length;
  const patches = c.op("Reshape", [
    joined(c, slices(c, w, of, source), 0),
    c.ints([taps * channels, -1]),
  ]);
  const up = c.op("Reshape", [channelsFirst(c, of.up, rank), c.ints([filters, -1])]);
  const product = c.op("Gemm", [patches, up], { transB: int(1) });
  const byTaps = c.op("Reshape", [product, c.ints([taps, channels, filters])]);
  const ordered = c.op("Transpose", [byTaps], { perm: ints([2, 1, 0]) });
  return c.op("Reshape", [ordered, c.ints([filters, channels, ...w.kernel])]);
}

/** As {@link byPatch}, a matrix a group: `[group, channels, batch, ...spatial]`, the taps of a group together. */
function byGroup(c: RuleContext, w: Window, of: WeightGradientOf): string {
  const { group } = of;
  const rank = of.inputDims.length;
  const perGroup = knownSize(c, of.inputDims[1]) / group;
  const filters = knownSize(c, of.upDims[1]);
  const taps = tapsOf(w.kernel).length;
  const sizes = of.inputDims.slice(2).map((dim) => knownSize(c, dim));
  const swapped = channelsFirst(c, of.input, rank);
  const name = c.op("Reshape", [swapped, c.ints([group, perGroup, -1, ...sizes])]);
  const patches = joined(c, slices(c, w, of, { name, axis: 3 }), 1);
  const across = c.op(
    "Transpose",
    [c.op("Reshape", [patches, c.ints([group, taps * perGroup, -1])])],
    { perm: ints([0, 2, 1]) },
  );
  const up = channelsFirst(c, of.up, rank);
  const product = c.op("MatMul", [
    c.op("Reshape", [up, c.ints([group, filters / group, -1])]),
    across,
  ]);
  const byTaps = c.op("Reshape", [product, c.ints([filters, taps, perGroup])]);
  const ordered = taps === 1 ? byTaps : c.op("Transpose", [byTaps], { perm: ints([0, 2, 1]) });
  return c.op("Reshape", [ordered, c.ints([filters, perGroup, ...w.kernel])]);
}
