import type { Attributes } from "../../graph/builder.ts";
import { int, text } from "../../graph/builder.ts";
import type { ImportRow, ImportRows } from "./row.ts";
import type { Site } from "./site.ts";
import { forms } from "./site.ts";
import { spatialOf } from "./window.ts";

/** Which place of the input a place of the output looks at. */
function coordinates(site: Site): string {
  const isAligned = site.flag("align_corners");
  const isCentred = site.flag("half_pixel_centers");
  if (isAligned && isCentred) throw site.invalid("corners or centres are aligned, not both");
  if (isAligned) return "align_corners";
  return isCentred ? "half_pixel" : "asymmetric";
}

/** The whole shape: onnxruntime's moving of axes through Resize does not know of a list of some axes. */
function sizes(site: Site, x: string, to: readonly number[]): string {
  const [batch, , , channels] = site.shape(0);
  if (typeof batch === "number" && typeof channels === "number") {
    return site.list([batch, channels, ...to]);
  }
  const outer = site.add("Shape", [x], { end: int(2) });
  return site.add("Concat", [outer, site.list(to)], { axis: int(0) });
}

const resize =
  (attributes: (mode: string) => Attributes): ImportRow =>
  (site) => {
    spatialOf(site, 0);
    const [height, width, ...rest] = site.integers(1, "the size");
    if (!(height && width && height > 0 && width > 0) || rest.length > 0) {
      throw site.invalid("the size must be a height and a width");
    }
    const form = site.operator.op === "RESIZE_BILINEAR" ? forms.first : site.move([0], "first");
    const x = site.read(0, form);
    const inputs = [x, "", "", sizes(site, x, [height, width])];
    const mode = coordinates(site);
    const more = { coordinate_transformation_mode: text(mode) };
    site.give(0, site.add("Resize", inputs, { ...attributes(mode), ...more }), form);
  };

/** Bigger and smaller images. */
export const resizing: ImportRows = {
  RESIZE_BILINEAR: resize(() => ({ mode: text("linear") })),
  // A centred place is rounded to the nearest centre, an aligned one to the nearest corner, any other one down.
  RESIZE_NEAREST_NEIGHBOR: resize((mode) => ({
    mode: text("nearest"),
    nearest_mode: text(mode === "asymmetric" ? "floor" : "round_prefer_ceil"),
  })),
};
