import type { Call, Operators } from "./operator.ts";
import { input, list, number, string } from "./operator.ts";
import type { Value } from "./value.ts";
import { eachIndex, stridesOf, value } from "./value.ts";

/** Where a sliding window reads: one entry a spatial axis. */
export type Sliding = {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
};

/** Reads the attributes that convolutions and pools share; `auto_pad` is resolved by the input's size. */
export function slidingOf(call: Call, kernel: readonly number[], size: readonly number[]): Sliding {
  const ones = kernel.map(() => 1);
  const strides = list(call, "strides", ones);
  const dilations = list(call, "dilations", ones);
  const pads = list(call, "pads", [...ones, ...ones].fill(0));
  const auto = string(call, "auto_pad", "NOTSET");
  if (auto === "NOTSET" || auto === "VALID") {
    const rank = kernel.length;
    return { kernel, strides, dilations, begins: pads.slice(0, rank), ends: pads.slice(rank) };
  }
  const total = kernel.map((k, i) => {
    const covered =
      (Math.ceil(size[i]! / strides[i]!) - 1) * strides[i]! + dilations[i]! * (k - 1) + 1;
    return Math.max(0, covered - size[i]!);
  });
  const small = total.map((t) => Math.floor(t / 2));
  const large = total.map((t, i) => t - small[i]!);
  const upper = auto === "SAME_UPPER";
  return { kernel, strides, dilations, begins: upper ? small : large, ends: upper ? large : small };
}

/** Number of window positions along each axis. */
export const positions = (s: Sliding, size: readonly number[], round = Math.floor): number[] =>
  s.kernel.map((k, i) => {
    const span = size[i]! + s.begins[i]! + s.ends[i]! - s.dilations[i]! * (k - 1) - 1;
    const count = round(span / s.strides[i]!) + 1;
    // A window that would start in the end padding is dropped (ceil_mode).
    const startsInPad = (count - 1) * s.strides[i]! >= size[i]! + s.begins[i]!;
    return round === Math.ceil && startsInPad ? count - 1 : count;
  });

/** Calls `visit` with the kernel's and the input's flat offsets of each tap of a window that lies inside. */
export function eachTap(
  { kernel, strides, dilations, begins }: Sliding,
  size: readonly number[],
  position: readonly number[],
  visit: (tap: number, at: number) => void,
): void {
  const step = stridesOf(size);
  eachIndex(kernel, (tap, flat) => {
    let at = 0;
    for (let i = 0; i < tap.length; i += 1) {
      const place = position[i]! * strides[i]! + tap[i]! * dilations[i]! - begins[i]!;
      if (place < 0 || place >= size[i]!) return;
      at += place * step[i]!;
    }
    visit(flat, at);
  });
}

/** Visits every product of a convolution: flat indices into input, weight and output. */
function eachProduct(
  shapes: {
    readonly x: readonly number[];
    readonly w: readonly number[];
    readonly y: readonly number[];
  },
  sliding: Sliding,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [n, c] = shapes.x as [number, number];
  const [m, perGroup] = shapes.w as [number, number];
  const [size, out] = [shapes.x.slice(2), shapes.y.slice(2)];
  const [sizes, outs, taps] = [size, out, sliding.kernel].map((s) =>
    s.reduce((a, b) => a * b, 1),
  ) as [number, number, number];
  const filtersPerGroup = m / (c / perGroup);
  eachIndex([n, m, perGroup], ([image, filter, channel]) => {
    const source = Math.floor(filter! / filtersPerGroup) * perGroup + channel!;
    const [x0, w0, y0] = [
      (image! * c + source) * sizes,
      (filter! * perGroup + channel!) * taps,
      (image! * m + filter!) * outs,
    ];
    eachIndex(out, (position, at) => {
      eachTap(sliding, size, position, (tap, place) => visit(x0 + place, w0 + tap, y0 + at));
    });
  });
}

function addBias(y: Value, bias: Value | undefined): Value {
  const inner = y.shape.slice(2).reduce((a, b) => a * b, 1);
  return bias === undefined
    ? y
    : value(
        y.dtype,
        y.shape,
        y.data.map((e, i) => e + bias.data[Math.floor(i / inner) % y.shape[1]!]!),
      );
}

function conv(call: Call): Value {
  const [x, w] = [input(call, 0), input(call, 1)];
  const size = x.shape.slice(2);
  const sliding = slidingOf(call, w.shape.slice(2), size);
  const y = value(x.dtype, [x.shape[0]!, w.shape[0]!, ...positions(sliding, size)]);
  eachProduct({ x: x.shape, w: w.shape, y: y.shape }, sliding, (i, j, o) => {
    y.data[o]! += x.data[i]! * w.data[j]!;
  });
  return addBias(y, call.inputs[2]);
}

/** The window of a ConvTranspose: of an automatic padding only the sum is given, by the size that is to come out. */
function transposedSliding(
  call: Call,
  kernel: readonly number[],
  size: readonly number[],
  extra: readonly number[],
): Sliding {
  const auto = string(call, "auto_pad", "NOTSET");
  const given = list(call, "output_shape", []);
  const ones = kernel.map(() => 1);
  const strides = list(call, "strides", ones);
  const dilations = list(call, "dilations", ones);
  if (given.length === 0 && !auto.startsWith("SAME")) return slidingOf(call, kernel, size);
  const total = kernel.map((k, i) => {
    const out = given[i] ?? size[i]! * strides[i]!;
    return strides[i]! * (size[i]! - 1) + extra[i]! + (k - 1) * dilations[i]! + 1 - out;
  });
  const half = total.map((t) => Math.floor(t / 2));
  const rest = total.map((t, i) => t - half[i]!);
  const [begins, ends] = auto === "SAME_UPPER" ? [half, rest] : [rest, half];
  return { kernel, strides, dilations, begins: begins!, ends: ends! };
}

/** The transpose of `conv`: scatters each input element through the kernel. */
function convTranspose(call: Call): Value {
  const [x, w] = [input(call, 0), input(call, 1)];
  const kernel = w.shape.slice(2);
  const extra = list(
    call,
    "output_padding",
    kernel.map(() => 0),
  );
  const sliding = transposedSliding(call, kernel, x.shape.slice(2), extra);
  const { strides: s, dilations: d, begins, ends } = sliding;
  const out = kernel.map(
    (k, i) =>
      s[i]! * (x.shape[i + 2]! - 1) + extra[i]! + d[i]! * (k - 1) + 1 - begins[i]! - ends[i]!,
  );
  const y = value(x.dtype, [x.shape[0]!, w.shape[1]! * number(call, "group", 1), ...out]);
  eachProduct({ x: y.shape, w: w.shape, y: x.shape }, sliding, (o, j, i) => {
    y.data[o]! += x.data[i]! * w.data[j]!;
  });
  return addBias(y, call.inputs[2]);
}

export const convolution: Operators = { Conv: conv, ConvTranspose: convTranspose };
