import { int } from "../../graph/builder.ts";
import { dtypes } from "../../graph/dtypes.ts";
import { axisIn } from "./axes.ts";
import type { ImportRows } from "./row.ts";
import type { Site } from "./site.ts";

/** The shape to give: input 1 where there is one, else the option of early files. */
function targetShape(site: Site): string {
  if (!site.has(1)) return site.list(site.numbers("new_shape"));
  const { data, shape } = site.tensor(1);
  if (data || shape.includes(0)) return site.list(site.integers(1, "the shape"));
  return site.add("Cast", [site.read(1)], { to: int(dtypes.int64.onnx) });
}

/** Operators that say the shape anew. */
export const shaping: ImportRows = {
  RESHAPE(site) {
    const form = site.move([0]);
    const inputs = [site.read(0, form), targetShape(site)];
    site.give(0, site.add("Reshape", inputs, { allowzero: int(1) }), form);
  },
  SQUEEZE(site) {
    const shape = site.shape(0);
    const named = site.numbers("squeeze_dims").map((axis) => axisIn(site, axis, shape.length));
    const axes = named.length > 0 ? named : [...shape.keys()].filter((axis) => shape[axis] === 1);
    const form = site.move([0]);
    const x = site.read(0, form);
    site.give(0, axes.length === 0 ? x : site.add("Squeeze", [x, site.list(axes)]), form);
  },
  EXPAND_DIMS(site) {
    const [axis = 0] = site.integers(1, "the axis");
    const place = axisIn(site, axis, site.shape(0).length + 1);
    const form = site.move([0]);
    site.give(0, site.add("Unsqueeze", [site.read(0, form), site.list([place])]), form);
  },
  SHAPE(site) {
    const shape = site.add("Shape", [site.read(0, site.move([0]))]);
    const isLong = site.number("out_type") === 4;
    site.give(0, isLong ? shape : site.add("Cast", [shape], { to: int(dtypes.int32.onnx) }));
  },
};
