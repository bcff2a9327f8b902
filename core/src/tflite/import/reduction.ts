import { int } from "../../graph/builder.ts";
import { axisIn, placeIn } from "./axes.ts";
import { toFirst } from "./permute.ts";
import type { ImportRow, ImportRows } from "./row.ts";
import { forms } from "./site.ts";

const reduce =
  (op: string): ImportRow =>
  (site) => {
    const rank = site.shape(0).length;
    const axes = new Set(site.integers(1, "axes").map((axis) => axisIn(site, axis, rank)));
    const keeps = site.flag("keep_dims");
    // Without the reduced axes, channels must come last again.
    const kept = toFirst.filter((axis) => !axes.has(axis));
    const isOrdered =
      keeps || kept.every((axis, index) => index === 0 || axis > (kept[index - 1] ?? 0));
    const form = isOrdered ? site.follow([0]) : forms.last;
    const places = [...axes].map((axis) => placeIn(form.layout, axis)).sort((a, b) => a - b);
    const result = site.add(op, [site.read(0, form), site.list(places)], {
      keepdims: int(Number(keeps)),
      // No axes: TensorFlow Lite leaves the value as it is, ONNX would reduce all of it.
      ...(places.length === 0 ? { noop_with_empty_axes: int(1) } : {}),
    });
    site.give(0, result, keeps ? form : forms.last);
  };

/** Sums, means, products and extremes over axes. */
export const reduction: ImportRows = {
  MEAN: reduce("ReduceMean"),
  SUM: reduce("ReduceSum"),
  REDUCE_MAX: reduce("ReduceMax"),
  REDUCE_MIN: reduce("ReduceMin"),
  REDUCE_PROD: reduce("ReduceProd"),
};
