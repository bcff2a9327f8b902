import { floatOf, intOf, intsOf, textOf } from "../../graph/attributes.ts";
import { ints } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { axisOf, range } from "../shapes.ts";

/** What a position of the output takes from positions of the input along one axis. */
type Taps = readonly (readonly [position: number, share: number])[];

/** One axis: its sizes, the factor between them, and the part of it that is sampled, in its own length. */
type Axis = {
  readonly in: number;
  readonly out: number;
  readonly scale: number;
  readonly start: number;
  readonly end: number;
};

/** Where a position of the output lies among the input's, by the specification's modes. */
const coordinates: Readonly<Record<string, (at: number, axis: Axis) => number>> = {
  half_pixel: (at, { scale }) => (at + 0.5) / scale - 0.5,
  half_pixel_symmetric: (at, { in: size, out, scale }) =>
    (size / 2) * (1 - out / (size * scale)) + (at + 0.5) / scale - 0.5,
  pytorch_half_pixel: (at, { out, scale }) => (out > 1 ? (at + 0.5) / scale - 0.5 : 0),
  align_corners: (at, { in: size, out }) => (out === 1 ? 0 : (at * (size - 1)) / (out - 1)),
  asymmetric: (at, { scale }) => at / scale,
  tf_crop_and_resize: (at, { in: size, out, start, end }) =>
    out > 1
      ? start * (size - 1) + (at * (end - start) * (size - 1)) / (out - 1)
      : 0.5 * (start + end) * (size - 1),
};

const roundings: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Shares of the four elements around a place, `part` of the way from the second to the third. */
const cubicWeights =
  (a: number) =>
  (part: number): readonly number[] => {
    const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
    const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    return [far(1 + part), near(part), near(1 - part), far(2 - part)];
  };

function tapsOf(c: RuleContext): (x: number, size: number) => Taps {
  const mode = textOf(c.node, "mode", "nearest");
  const inside = (position: number, size: number): number =>
    Math.min(Math.max(position, 0), size - 1);
  if (mode === "linear") {
    return (x, size) => {
      const [low, part] = [Math.floor(x), x - Math.floor(x)];
      return [
        [inside(low, size), 1 - part],
        [inside(low + 1, size), part],
      ];
    };
  }
  if (mode === "cubic") {
    const weights = cubicWeights(floatOf(c.node, "cubic_coeff_a", -0.75));
    const isInside = intOf(c.node, "exclude_outside", 0) === 1;
    return (x, size) => {
      const low = Math.floor(x) - 1;
      const taps = weights(x - Math.floor(x)).map((share, i) => [low + i, share] as const);
      if (!isInside) return taps.map(([at, share]) => [inside(at, size), share]);
      const kept = taps.filter(([at]) => at >= 0 && at < size);
      const sum = kept.reduce((total, [, share]) => total + share, 0);
      return kept.map(([at, share]) => [at, share / sum]);
    };
  }
  const round = roundings[textOf(c.node, "nearest_mode", "round_prefer_floor")];
  if (mode !== "nearest" || round === undefined) return c.refuse(`mode ${mode} is not supported`);
  return (x, size) => [[inside(round(x), size), 1]];
}

/** Multiplies along one axis by a matrix `[out, in]` of what each output position took. */
function along(
  c: RuleContext,
  value: string,
  {
    axis,
    taps,
    size,
  }: { readonly axis: number; readonly taps: readonly Taps[]; readonly size: number },
): string {
  const matrix = new Float64Array(taps.length * size);
  for (const [row, each] of taps.entries()) {
    for (const [position, share] of each) {
      const at = row * size + position;
      matrix[at] = (matrix[at] ?? 0) + share;
    }
  }
  const rank = c.dims(c.x(0)).length;
  const perm = [...range(0, axis), ...range(axis + 1, rank), axis];
  const moved = axis === rank - 1 ? value : c.op("Transpose", [value], { perm: ints(perm) });
  const shape = [taps.length, size];
  const shares = c.tensor(
    c.float === "float32"
      ? f32(Float32Array.from(matrix), shape)
      : { dtype: "float64", shape, data: matrix },
  );
  const product = c.op("MatMul", [moved, shares]);
  const back = range(0, rank).map((at) => perm.indexOf(at));
  return axis === rank - 1 ? product : c.op("Transpose", [product], { perm: ints(back) });
}

/** Sizes of input and output along an axis. */
function sizesAt(c: RuleContext, axis: number): readonly [number, number] {
  const [size, out] = [c.dims(c.x(0))[axis], c.dims(c.y)[axis]];
  if (typeof size === "number" && typeof out === "number") return [size, out];
  return c.refuse("sizes along the axes that change must be known");
}

const noGradient = (c: RuleContext, what: string) => (): never =>
  c.refuse(`${what} has no gradient`);

/** Start and end of what `tf_crop_and_resize` samples along an axis; everything in the other modes. */
function regionOf(
  c: RuleContext,
  mode: string,
): (place: number, count: number) => [number, number] {
  if (mode !== "tf_crop_and_resize") return () => [0, 1];
  const region = c.constant(c.x(1)) ?? c.refuse("the region that it samples must be a constant");
  return (place, count) => [Number(region.data[place]), Number(region.data[place + count])];
}

const resize: Rule = (c) => [
  () => {
    const mode = textOf(c.node, "coordinate_transformation_mode", "half_pixel");
    const coordinateOf =
      coordinates[mode] ?? c.refuse("this coordinate_transformation_mode is not supported");
    const taps = tapsOf(c);
    if (intOf(c.node, "antialias", 0) !== 0) c.refuse("antialias is not supported");
    if (textOf(c.node, "keep_aspect_ratio_policy", "stretch") !== "stretch") {
      c.refuse("a policy for the aspect ratio is not supported");
    }
    const axes = intsOf(c.node, "axes") ?? range(0, c.dims(c.x(0)).length);
    const given = c.constant(c.x(2));
    const scales = given?.data.length === 0 ? undefined : given;
    const region = regionOf(c, mode);
    const isCropped = mode === "tf_crop_and_resize";
    return axes.reduce((value, place, i) => {
      const axis = axisOf(place, c.dims(c.x(0)).length);
      const [start, end] = region(i, axes.length);
      if (c.dims(c.x(0))[axis] === c.dims(c.y)[axis]) {
        // onnxruntime 1.30 takes such an axis as it is, the specification a part of it.
        if (start !== 0 || end !== 1) c.refuse("a region along an axis that keeps its size");
        return value;
      }
      const [size, out] = sizesAt(c, axis);
      const scale = scales === undefined ? out / size : Number(scales.data[i]);
      const rows = range(0, out).map((at): Taps => {
        const x = coordinateOf(at, { in: size, out, scale, start, end });
        // What lies outside is a constant, the extrapolation value.
        return isCropped && (x < 0 || x > size - 1) ? [] : taps(x, size);
      });
      return along(c, value, { axis, taps: rows, size });
    }, c.up);
  },
  noGradient(c, "a region"),
  noGradient(c, "a list of scales"),
  noGradient(c, "a list of sizes"),
];

/** Which position of the input each position of the padded output repeats. */
const repeated: Readonly<Record<string, (at: number, size: number) => number>> = {
  edge: (at, size) => Math.min(Math.max(at, 0), size - 1),
  wrap: (at, size) => ((at % size) + size) % size,
  reflect: (at, size) => {
    const period = Math.max(2 * (size - 1), 1);
    const inside = ((at % period) + period) % period;
    return inside < size ? inside : period - inside;
  },
};

/** The gradient of padding that repeats the input: what was repeated gets the sum. */
export function repeatingPad(c: RuleContext, mode: string): string {
  const source = repeated[mode] ?? c.refuse(`mode ${mode} is not supported`);
  const pads = c.constant(c.x(1)) ?? c.refuse("pads must be constants");
  const rank = c.dims(c.x(0)).length;
  const listed =
    c.x(3) === "" ? undefined : (c.constant(c.x(3)) ?? c.refuse("axes must be constants"));
  const axes = listed === undefined ? range(0, rank) : Array.from(listed.data, Number);
  return axes.reduce((value, given, i) => {
    const [begin, end] = [Number(pads.data[i]), Number(pads.data[i + axes.length])];
    if (begin === 0 && end === 0) return value;
    const axis = axisOf(given, rank);
    const [size, out] = sizesAt(c, axis);
    const rows = range(0, out).map((at): Taps => [[source(at - begin, size), 1]]);
    return along(c, value, { axis, taps: rows, size });
  }, c.up);
}

/** Gradients of resampling along axes. */
export const resampling: Readonly<Record<"Resize", Rule>> = { Resize: resize };
