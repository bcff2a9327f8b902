import { int, text } from "../../graph/builder.ts";
import { orderedIn, placeIn } from "./axes.ts";
import type { ImportRows } from "./row.ts";
import type { Form, Site } from "./site.ts";
import type { Layout } from "./values.ts";

/** How many places are added before and after each axis. */
function paddingsOf(site: Site): readonly (readonly [before: number, after: number])[] {
  const flat = site.integers(1, "paddings");
  const rank = site.shape(0).length;
  if (flat.length !== 2 * rank || flat.some((pad) => pad < 0)) {
    throw site.invalid("paddings must be two numbers an axis, 0 or more");
  }
  return Array.from({ length: rank }, (_, axis) => [flat[2 * axis] ?? 0, flat[2 * axis + 1] ?? 0]);
}

/** Paddings as ONNX lists them: all before, then all after. */
function padsIn(site: Site, layout: Layout): string {
  const paddings = orderedIn(layout, paddingsOf(site));
  return site.list([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
}

/** Places from one end of an axis, in reverse order. ONNX has no padding that mirrors the border itself. */
function reversed(
  site: Site,
  value: string,
  part: { start: number; end: number; axis: number },
): string {
  const lists = [[part.start], [part.end], [part.axis], [-1]].map((list) => site.list(list));
  return site.add("Slice", [value, ...lists]);
}

function mirrored(site: Site, form: Form): string {
  let value = site.read(0, form);
  for (const [axisOfFile, [before, after]] of paddingsOf(site).entries()) {
    const axis = placeIn(form.layout, axisOfFile);
    const inner = value;
    const parts = [inner];
    if (before > 0) {
      parts.unshift(reversed(site, inner, { start: before - 1, end: -(2 ** 31), axis }));
    }
    if (after > 0) parts.push(reversed(site, inner, { start: -1, end: -after - 1, axis }));
    if (parts.length > 1) value = site.add("Concat", parts, { axis: int(axis) });
  }
  return value;
}

/** The value to pad with, as a scalar. */
function scalarOf(site: Site): string {
  const value = site.read(2);
  return site.shape(2).length === 0 ? value : site.add("Reshape", [value, site.list([])]);
}

/** Operators that add places around a value. */
export const padding: ImportRows = {
  PAD(site) {
    const form = site.move([0], site.follow([0]).layout);
    const inputs = [site.read(0, form), padsIn(site, form.layout)];
    const zero = site.zero(0, form);
    site.give(0, site.add("Pad", zero === "" ? inputs : [...inputs, zero]), form);
  },
  PADV2(site) {
    const form = site.follow([0]);
    const inputs = [site.read(0, form), padsIn(site, form.layout), scalarOf(site)];
    site.give(0, site.add("Pad", inputs), form);
  },
  MIRROR_PAD(site) {
    const form = site.move([0], site.follow([0]).layout);
    if (site.text("mode") === "SYMMETRIC") {
      site.give(0, mirrored(site, form), form);
      return;
    }
    const inputs = [site.read(0, form), padsIn(site, form.layout)];
    site.give(0, site.add("Pad", inputs, { mode: text("reflect") }), form);
  },
};
