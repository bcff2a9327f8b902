import { sizeOf } from "../../core/src/graph/tensor.ts";
import type { Call, Operators } from "./operator.ts";
import { input, list, number, numbers, string, tensor } from "./operator.ts";
import { pick } from "./pick.ts";
import { squeeze } from "./reduction.ts";
import type { Value } from "./value.ts";
import {
  axisOf,
  broadcastShape,
  dot,
  eachIndex,
  expand,
  stridesOf,
  transpose,
  value,
} from "./value.ts";

const whole = (data: readonly number[]): Value => value("int64", [data.length], data);

function reshape(call: Call): Value {
  const x = input(call, 0);
  const zeroIsSize = number(call, "allowzero", 0) === 1;
  const asked = [...input(call, 1).data].map((dim, i) =>
    dim === 0 && !zeroIsSize ? x.shape[i]! : dim,
  );
  const known = asked.reduce((size, dim) => (dim === -1 ? size : size * dim), 1);
  return value(
    x.dtype,
    asked.map((dim) => (dim === -1 ? x.data.length / known : dim)),
    x.data,
  );
}

function flatten(call: Call): Value {
  const x = input(call, 0);
  const axis = axisOf(number(call, "axis", 1), x.shape.length);
  return value(x.dtype, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))], x.data);
}

function unsqueeze(call: Call): Value {
  const x = input(call, 0);
  const asked = input(call, 1).data;
  const rank = x.shape.length + asked.length;
  const axes = new Set([...asked].map((axis) => axisOf(axis, rank)));
  const rest = [...x.shape];
  return value(
    x.dtype,
    Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : rest.shift()!)),
    x.data,
  );
}

function concat(call: Call): Value {
  const parts = call.inputs as readonly Value[];
  const axis = axisOf(number(call, "axis", 0), parts[0]!.shape.length);
  const shape = parts[0]!.shape.map((dim, i) =>
    i === axis ? parts.reduce((s, p) => s + p.shape[axis]!, 0) : dim,
  );
  const y = value(parts[0]!.dtype, shape);
  const strides = stridesOf(shape);
  let offset = 0;
  for (const part of parts) {
    eachIndex(part.shape, (index, flat) => {
      y.data[dot(index, strides) + offset * strides[axis]!] = part.data[flat]!;
    });
    offset += part.shape[axis]!;
  }
  return y;
}

function split(call: Call): Value[] {
  const x = input(call, 0);
  const axis = axisOf(number(call, "axis", 0), x.shape.length);
  const count = call.node.outputs.length;
  const even = Math.ceil(x.shape[axis]! / count);
  const sizes =
    numbers(call, 1) ??
    Array.from({ length: count }, (_, i) => Math.min(even, x.shape[axis]! - i * even));
  let offset = 0;
  return sizes.map((size) => {
    const start = offset;
    offset += size;
    const shape = x.shape.map((dim, i) => (i === axis ? size : dim));
    return pick(x, shape, (index) => index.map((i, a) => (a === axis ? i + start : i)));
  });
}

/** Which element of a line of `size` stands at a position outside it; constant padding takes none. */
function padSource(mode: string): (at: number, size: number) => number {
  switch (mode) {
    case "constant":
      return (at) => at;
    case "edge":
      return (at, size) => Math.min(Math.max(at, 0), size - 1);
    case "wrap":
      return (at, size) => (at + 10 * size) % size;
    case "reflect":
      return (at, size) => {
        const back = at < 0 ? -at : at;
        return back < size ? back : 2 * (size - 1) - back;
      };
    default:
      throw new Error(`no padding ${mode}`);
  }
}

function pad(call: Call): Value {
  const x = input(call, 0);
  const pads = input(call, 1).data;
  const inside = padSource(string(call, "mode", "constant"));
  const axes = (numbers(call, 3) ?? [...x.shape.keys()]).map((axis) =>
    axisOf(axis, x.shape.length),
  );
  const begins = x.shape.map(() => 0);
  const shape = [...x.shape];
  for (const [i, axis] of axes.entries()) {
    begins[axis] = pads[i]!;
    shape[axis]! += pads[i]! + pads[i + axes.length]!;
  }
  return pick(
    x,
    shape,
    (index) => index.map((i, a) => inside(i - begins[a]!, x.shape[a]!)),
    call.inputs[2]?.data[0] ?? 0,
  );
}

const range = (call: Call): Value => {
  const [start, limit, delta] = [0, 1, 2].map((i) => input(call, i).data[0]!) as [
    number,
    number,
    number,
  ];
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  return value(
    input(call, 0).dtype,
    [length],
    Array.from({ length }, (_, i) => start + i * delta),
  );
};

const tile = (call: Call): Value => {
  const x = input(call, 0);
  const repeats = input(call, 1).data;
  return pick(
    x,
    x.shape.map((dim, i) => dim * repeats[i]!),
    (index) => index.map((i, a) => i % x.shape[a]!),
  );
};

const constantOfShape = (call: Call): Value => {
  const shape = [...input(call, 0).data];
  const fill = tensor(call, "value") ?? value("float32", [1]);
  return value(fill.dtype, shape, new Float64Array(sizeOf(shape)).fill(fill.data[0]!));
};

const constant = (call: Call): Value => {
  const ints = list(call, "value_ints", []);
  return tensor(call, "value") ?? whole(ints);
};

const shapeOf = (call: Call): Value => {
  const { shape } = input(call, 0);
  return whole(shape.slice(number(call, "start", 0), number(call, "end", shape.length)));
};

export const shaping: Operators = {
  Reshape: reshape,
  Flatten: flatten,
  Unsqueeze: unsqueeze,
  Squeeze: (call) => {
    const x = input(call, 0);
    return squeeze(
      x,
      numbers(call, 1) ?? [...x.shape.keys()].filter((axis) => x.shape[axis] === 1),
    );
  },
  Transpose: (call) => {
    const x = input(call, 0);
    return transpose(x, list(call, "perm", [...x.shape.keys()].reverse()));
  },
  Concat: concat,
  Split: split,
  Pad: pad,
  Expand: (call) => {
    const x = input(call, 0);
    return expand(x, broadcastShape(x.shape, [...input(call, 1).data]));
  },
  Tile: tile,
  Range: range,
  Shape: shapeOf,
  Size: (call) => value("int64", [], [input(call, 0).data.length]),
  Constant: constant,
  ConstantOfShape: constantOfShape,
};
