import { int } from "../../graph/builder.ts";
import { dtypes } from "../../graph/dtypes.ts";
import { axisIn } from "./axes.ts";
import type { ImportRow, ImportRows } from "./row.ts";

/** The place of the first extreme along an axis, which goes. */
const extreme =
  (op: string): ImportRow =>
  (site) => {
    const [along = 0] = site.integers(1, "the axis");
    const axis = axisIn(site, along, site.shape(0).length);
    const value = site.read(0, site.move([0]));
    const place = site.add(op, [value], { axis: int(axis), keepdims: int(0) });
    const isLong = site.output(0).type === "int64";
    site.give(0, isLong ? place : site.add("Cast", [place], { to: int(dtypes.int32.onnx) }));
  };

/** Operators that walk along one axis. */
export const scanning: ImportRows = {
  ARG_MAX: extreme("ArgMax"),
  ARG_MIN: extreme("ArgMin"),
  CUMSUM(site) {
    const [along = 0] = site.integers(1, "the axis");
    const axis = axisIn(site, along, site.shape(0).length);
    const sum = site.add("CumSum", [site.read(0), site.list([axis])], {
      exclusive: int(Number(site.flag("exclusive"))),
      reverse: int(Number(site.flag("reverse"))),
    });
    site.give(0, sum);
  },
};
