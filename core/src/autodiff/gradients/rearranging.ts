import { intOf, textOf } from "../../graph/attributes.ts";
import { int, ints, text } from "../../graph/builder.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { range, reshapeLike, sumOver } from "../shapes.ts";

const noGradient = (c: RuleContext, what: string) => (): never =>
  c.refuse(`${what} has no gradient`);

/** Sizes `[repeats, own]` of each axis, known or computed by the graph. */
function pairedSizes(c: RuleContext): string {
  const [dims, repeats] = [c.dims(c.x(0)), c.constant(c.x(1))];
  if (repeats !== undefined && dims.every((dim) => typeof dim === "number")) {
    return c.ints(dims.flatMap((dim, axis) => [Number(repeats.data[axis]), dim]));
  }
  const columns = [c.x(1), c.op("Shape", [c.x(0)])].map((list) =>
    c.op("Unsqueeze", [list, c.ints([1])]),
  );
  return c.op("Reshape", [c.op("Concat", columns, { axis: int(1) }), c.ints([-1])]);
}

/** Adds up the copies. */
const tile: Rule = (c) => [
  () => {
    const rank = c.dims(c.x(0)).length;
    const copies = c.op("Reshape", [c.up, pairedSizes(c)], { allowzero: int(1) });
    const axes = range(0, rank).map((axis) => 2 * axis);
    return sumOver(c, copies, axes);
  },
  noGradient(c, "a list of repeats"),
];

/** The inverse of the other order of channels: `[C, b, b]` instead of `[b, b, C]`. */
function channelsFirst(c: RuleContext, size: number): string {
  const dims = c.dims(c.x(0));
  const [channels, height, width] = dims.slice(1);
  if (![channels, height, width].every((dim) => typeof dim === "number")) {
    return c.refuse("in mode CRD sizes of channels and space must be known");
  }
  const [depth, high, wide] = [Number(channels) / size ** 2, Number(height), Number(width)];
  const apart = c.op("Reshape", [c.up, c.ints([-1, depth, high, size, wide, size])]);
  return reshapeLike(c, c.op("Transpose", [apart], { perm: ints([0, 1, 3, 5, 2, 4]) }), c.x(0));
}

const depthToSpace: Rule = (c) => [
  () => {
    const size = intOf(c.node, "blocksize", 1);
    return textOf(c.node, "mode", "DCR") === "CRD"
      ? channelsFirst(c, size)
      : c.op("SpaceToDepth", [c.up], { blocksize: int(size) });
  },
];

/** What was summed up to here gives its gradient to everything before it. */
const cumulativeSum: Rule = (c) => [
  () =>
    c.op("CumSum", [c.up, c.x(1)], {
      exclusive: int(intOf(c.node, "exclusive", 0)),
      reverse: int(1 - intOf(c.node, "reverse", 0)),
    }),
  noGradient(c, "an axis"),
];

/** Operators that copy, move or add up along axes. */
export type RearrangingOp = "Tile" | "DepthToSpace" | "SpaceToDepth" | "CumSum" | "Trilu";

/** Gradients of operators that copy, move or add up along axes. */
export const rearranging: Readonly<Record<RearrangingOp, Rule>> = {
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: (c) => [
    () =>
      c.op("DepthToSpace", [c.up], {
        blocksize: int(intOf(c.node, "blocksize", 1)),
        mode: text("DCR"),
      }),
  ],
  CumSum: cumulativeSum,
  Trilu: (c) => [
    () => {
      const shift = c.x(1) === "" ? [] : [c.x(1)];
      return c.op("Trilu", [c.up, ...shift], { upper: int(intOf(c.node, "upper", 1)) });
    },
    noGradient(c, "a diagonal"),
  ],
};
