import type { Call, Operators } from "./operator.ts";
import { input, list, number, numbers, string } from "./operator.ts";
import type { Value } from "./value.ts";
import { axisOf, dot, eachIndex, stridesOf, value } from "./value.ts";

type Axis = { readonly size: number; readonly out: number; readonly scale: number };

/** The position in the input that a position of the output stands for. */
function original(mode: string, at: number, { size, out, scale }: Axis): number {
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

/** Samples one axis anew; axes do not depend on each other in these modes. */
function alongAxis(call: Call, x: Value, axis: number, geometry: Axis): Value {
  const mode = string(call, "coordinate_transformation_mode", "half_pixel");
  const isLinear = string(call, "mode", "nearest") === "linear";
  const rounding = string(call, "nearest_mode", "round_prefer_floor");
  const strides = stridesOf(x.shape);
  const y = value(x.dtype, x.shape.with(axis, geometry.out));
  const last = geometry.size - 1;
  eachIndex(y.shape, (index, flat) => {
    const at = (position: number): number =>
      x.data[dot(index.with(axis, Math.min(Math.max(position, 0), last)), strides)]!;
    const found = original(mode, index[axis]!, geometry);
    if (!isLinear) {
      y.data[flat] = at(nearest(rounding, found));
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
    return alongAxis(call, y, axis, { size, out, scale: scales[i] ?? out / size });
  }, x);
}

export const resampling: Operators = {
  Resize: (call) => {
    if (number(call, "antialias", 0) !== 0) throw new Error("no antialiasing");
    return resize(call);
  },
};
