import { int } from "../../graph/builder.ts";
import { dtypes } from "../../graph/dtypes.ts";
import { axisIn } from "./axes.ts";
import type { ImportRows } from "./row.ts";
import type { Site } from "./site.ts";
import { sliceAxes } from "./strided-slice.ts";

/** To the end of an axis, whatever its size. */
const toEnd = 2 ** 31 - 1;

/** Operators that take parts of a value. */
export const slicing: ImportRows = {
  STRIDED_SLICE(site) {
    const spec = sliceAxes(site);
    const lists = [spec.starts, spec.ends, spec.axes, spec.steps].map((list) => site.list(list));
    const form = site.move([0]);
    let value = site.read(0, form);
    if (spec.axes.length > 0) value = site.add("Slice", [value, ...lists]);
    if (spec.dropped.length > 0) value = site.add("Squeeze", [value, site.list(spec.dropped)]);
    if (spec.added.length > 0) value = site.add("Unsqueeze", [value, site.list(spec.added)]);
    site.give(0, value, form);
  },
  SLICE(site) {
    const begins = site.integers(1, "where a slice begins");
    const sizes = site.integers(2, "the size of a slice");
    const rank = site.shape(0).length;
    if (begins.length !== rank || sizes.length !== rank)
      throw site.invalid("one begin and size an axis");
    const ends = begins.map((begin, axis) => {
      const size = sizes[axis] ?? -1;
      return size < 0 ? toEnd : begin + size;
    });
    const lists = [begins, ends, [...begins.keys()]].map((list) => site.list(list));
    const form = site.move([0]);
    site.give(0, site.add("Slice", [site.read(0, form), ...lists]), form);
  },
  GATHER_ND(site) {
    const form = site.move([0]);
    site.give(0, site.add("GatherND", [site.read(0, form), longs(site, 1)]), form);
  },
  GATHER(site) {
    const rank = site.shape(0).length;
    const axis = axisIn(site, site.number("axis"), rank);
    const batch = site.number("batch_dims");
    const form = site.move([0]);
    if (batch === 0) {
      const inputs = [site.read(0, form), site.read(1)];
      site.give(0, site.add("Gather", inputs, { axis: int(axis) }), form);
      return;
    }
    if (batch !== axis) throw site.refuse("batch_dims must be 0 or the axis");
    site.give(0, gatherBatches(site, site.read(0, form), batch), form);
  },
};

/** Points `[…, depth]` of int64, as ONNX takes them. */
const longs = (site: Site, input: number): string =>
  site.add("Cast", [site.read(input)], { to: int(dtypes.int64.onnx) });

/** Each example takes by its own indices. */
function gatherBatches(site: Site, value: string, batch: number): string {
  const points = site.add("Unsqueeze", [longs(site, 1), site.list([site.shape(1).length])]);
  return site.add("GatherND", [value, points], { batch_dims: int(batch) });
}
