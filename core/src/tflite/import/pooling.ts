import type { Attributes } from "../../graph/builder.ts";
import { int } from "../../graph/builder.ts";
import type { ImportRow, ImportRows } from "./row.ts";
import { forms } from "./site.ts";
import { spatialOf, stridesOf, windowAttributes } from "./window.ts";

const pool =
  (op: string, more: Attributes): ImportRow =>
  (site) => {
    const form = op === "MaxPool" ? site.move([0], "first") : forms.first;
    const window = {
      size: [site.number("filter_height"), site.number("filter_width")],
      strides: stridesOf(site),
      dilations: [1, 1],
    };
    const attributes = windowAttributes(site, window, spatialOf(site, 0));
    site.give(0, site.add(op, [site.read(0, form)], { ...attributes, ...more }), form);
  };

/** Pooling: what lies outside the input counts neither as a value nor in an average. */
export const pooling: ImportRows = {
  AVERAGE_POOL_2D: pool("AveragePool", { count_include_pad: int(0) }),
  MAX_POOL_2D: pool("MaxPool", {}),
};
