import { int, ints } from "../../graph/builder.ts";
import type { ImportRow, ImportRows } from "./row.ts";
import type { Site } from "./site.ts";
import { forms } from "./site.ts";
import { convolutionWindow, spatialOf, stridesOf, windowAttributes } from "./window.ts";

/** A filter's four sizes. @throws `TFLITE_INVALID` for another rank. */
function filterOf(site: Site): readonly [number, number, number, number] {
  const [first, height, width, last, ...more] = site.tensor(1).shape;
  if (first && height && width && last && more.length === 0) return [first, height, width, last];
  throw site.invalid("a filter must have four sizes of at least 1");
}

const biasOf = (site: Site, input: number): readonly string[] =>
  site.has(input) ? [site.readPermuted(input, [0])] : [];

function channelsOf(site: Site, input: number): number {
  const channels = site.shape(input)[3];
  if (typeof channels === "number") return channels;
  throw site.refuse("the number of channels must be known");
}

/** Filters `[out, height, width, in / groups]`. */
const convolve: ImportRow = (site) => {
  const [, height, width, depth] = filterOf(site);
  const window = convolutionWindow(site, [height, width]);
  const attributes = windowAttributes(site, window, spatialOf(site, 0));
  const groups = channelsOf(site, 0) / depth;
  if (!Number.isInteger(groups)) throw site.invalid("channels must be a multiple of the filter's");
  const inputs = [
    site.read(0, forms.first),
    site.readPermuted(1, [0, 3, 1, 2]),
    ...biasOf(site, 2),
  ];
  const result = site.add("Conv", inputs, { ...attributes, group: int(groups) });
  site.give(0, result, forms.first);
};

/** Filters `[1, height, width, in · multiplier]`, a multiplier of neighbours for each input channel. */
const convolveDepthwise: ImportRow = (site) => {
  const [one, height, width] = filterOf(site);
  if (one !== 1) throw site.invalid("a depthwise filter must be [1, height, width, channels]");
  const window = convolutionWindow(site, [height, width]);
  const attributes = windowAttributes(site, window, spatialOf(site, 0));
  const inputs = [
    site.read(0, forms.first),
    site.readPermuted(1, [3, 0, 1, 2]),
    ...biasOf(site, 2),
  ];
  const result = site.add("Conv", inputs, { ...attributes, group: int(channelsOf(site, 0)) });
  site.give(0, result, forms.first);
};

/** Filters `[out, height, width, in]`; the output's size decides what is cut off or added at the ends. */
const convolveTransposed: ImportRow = (site) => {
  const [, height, width] = filterOf(site);
  const [, ...sizes] = site.integers(0, "the output's shape");
  const strides = stridesOf(site);
  const axes = spatialOf(site, 2).map((dim, axis) => {
    const size = sizes[axis];
    if (typeof dim !== "number" || size === undefined) throw site.refuse("sizes must be known");
    const full = (dim - 1) * (strides[axis] ?? 1) + ([height, width][axis] ?? 1);
    const cut = Math.max(0, full - size);
    return {
      before: Math.floor(cut / 2),
      after: Math.ceil(cut / 2),
      added: Math.max(0, size - full),
    };
  });
  const result = site.add(
    "ConvTranspose",
    [site.read(2, forms.first), site.readPermuted(1, [3, 0, 1, 2]), ...biasOf(site, 3)],
    {
      kernel_shape: ints([height, width]),
      strides: ints(strides),
      pads: ints([...axes.map(({ before }) => before), ...axes.map(({ after }) => after)]),
      output_padding: ints(axes.map(({ added }) => added)),
    },
  );
  site.give(0, result, forms.first);
};

/** Convolutions: filters are laid out anew, values go channels-first. */
export const convolution: ImportRows = {
  CONV_2D: convolve,
  DEPTHWISE_CONV_2D: convolveDepthwise,
  TRANSPOSE_CONV: convolveTransposed,
};
