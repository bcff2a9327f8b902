import type { Call, Operators } from "./operator.ts";
import { input, list, number, numbers, string } from "./operator.ts";
import type { Value } from "./value.ts";
import { axisOf, dot, eachIndex, stridesOf, value } from "./value.ts";

type Axis = {
  readonly size: number;
  readonly out: number;
  readonly scale: number;
  /** The part that is sampled by tf_crop_and_resize, in lengths of the axis. */
  readonly start: number;
  readonly end: number;
};

/** The position in the input that a position of the output stands for. */
function original(mode: string, at: number, { size, out, scale, start, end }: Axis): number {
  if (mode === "tf_crop_and_resize") {
    const [from, to] = [start * (size - 1), end * (size - 1)];
    return out > 1 ? from + (at * (to - from)) / (out - 1) : (from + to) / 2;
  }
  if (mode === "asymmetric") return at / scale;
  if (mode === "align_corners") return out === 1 ? 0 : (at * (size - 1)) / (out - 1);
  if (mode === "pytorch_half_pixel" && out === 1) return 0;
  const half = (at + 0.5) / scale - 0.5;
  if (mode !== "half_pixel_symmetric") return half;
  const adjustment = out / (size * scale);
  return (size / 2) * (1 - adjustment) + half;
}

function nearest(rounding: string, x: number): number {
  if (rounding === "floor") return Math.floor(x);
  if (rounding === "ceil") return Math.ceil(x);
  const isHalf = x - Math.floor(x) === 0.5;
  if (isHalf) return rounding === "round_prefer_ceil" ? Math.ceil(x) : Math.floor(x);
  return Math.round(x);
}

/** Keys's interpolation: how much an element `distance` away counts. */
function cubic(a: number, distance: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}

/** What a place takes from four elements around it; those outside repeat the edge, or do not count. */
function aroundOf(call: Call, at: (position: number) => number, size: number) {
  const a = number(call, "cubic_coeff_a", -0.75);
  const isInsideOnly = number(call, "exclude_outside", 0) === 1;
  return (place: number): number => {
    const positions = [-1, 0, 1, 2]
      .map((step) => Math.floor(place) + step)
      .filter((position) => !isInsideOnly || (position >= 0 && position < size));
    const shares = positions.map((position) => cubic(a, place - position));
    const total = isInsideOnly ? shares.reduce((sum, share) => sum + share, 0) : 1;
    return positions.reduce((sum, position, i) => sum + (shares[i]! / total) * at(position), 0);
  };
}

/** Samples one axis anew; axes do not depend on each other in these modes. */
function alongAxis(call: Call, x: Value, axis: number, geometry: Axis): Value {
  const mode = string(call, "coordinate_transformation_mode", "half_pixel");
  const kind = string(call, "mode", "nearest");
  const rounding = string(call, "nearest_mode", "round_prefer_floor");
  const strides = stridesOf(x.shape);
  const y = value(x.dtype, x.shape.with(axis, geometry.out));
  const last = geometry.size - 1;
  eachIndex(y.shape, (index, flat) => {
    const at = (position: number): number =>
      x.data[dot(index.with(axis, Math.min(Math.max(position, 0), last)), strides)]!;
    const found = original(mode, index[axis]!, geometry);
    if (mode === "tf_crop_and_resize" && (found < 0 || found > last)) {
      y.data[flat] = number(call, "extrapolation_value", 0);
      return;
    }
    if (kind !== "linear") {
      const around = aroundOf(call, at, geometry.size);
      y.data[flat] = kind === "cubic" ? around(found) : at(nearest(rounding, found));
      return;
    }
    const inside = Math.min(Math.max(found, 0), last);
    const low = Math.floor(inside);
    y.data[flat] = at(low) * (1 - (inside - low)) + at(low + 1) * (inside - low);
  });
  return y;
}

function resize(call: Call): Value {
  const x = input(call, 0);
  const [scales, sizes] = [numbers(call, 2) ?? [], numbers(call, 3) ?? []];
  const axes = list(call, "axes", [...x.shape.keys()]).map((axis) => axisOf(axis, x.shape.length));
  return axes.reduce((y, axis, i) => {
    const size = x.shape[axis]!;
    const out = sizes[i] ?? Math.floor(size * scales[i]!);
    const roi = numbers(call, 1) ?? [];
    const [start, end] = [roi[i] ?? 0, roi[i + axes.length] ?? 1];
    return alongAxis(call, y, axis, { size, out, scale: scales[i] ?? out / size, start, end });
  }, x);
}

export const resampling: Operators = {
  Resize: (call) => {
    if (number(call, "antialias", 0) !== 0) throw new Error("no antialiasing");
    return resize(call);
  },
};
