import { int } from "../../graph/builder.ts";
import type { ImportRow, ImportRows } from "./row.ts";
import { forms } from "./site.ts";
import { spatialOf } from "./window.ts";

const repeat =
  (op: string, what: string): ImportRow =>
  (site) => {
    const form = site.move([0]);
    const sizes = site.list(site.integers(1, what));
    site.give(0, site.add(op, [site.read(0, form), sizes]), form);
  };

const rearrange =
  (op: string): ImportRow =>
  (site) => {
    spatialOf(site, 0);
    const size = site.number("block_size");
    if (size < 1) throw site.invalid("a block has at least one place");
    const result = site.add(op, [site.read(0, forms.first)], { blocksize: int(size) });
    site.give(0, result, forms.first);
  };

/** Operators that repeat values, and that exchange channels and places by blocks. */
export const repeating: ImportRows = {
  TILE: repeat("Tile", "how often each axis is repeated"),
  BROADCAST_TO: repeat("Expand", "the shape"),
  DEPTH_TO_SPACE: rearrange("DepthToSpace"),
  SPACE_TO_DEPTH: rearrange("SpaceToDepth"),
};
