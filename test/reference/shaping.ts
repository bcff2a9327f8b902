import { sizeOf } from "../../core/src/graph/tensor.ts";
import type { Call, Operators } from "./operator.ts";
import { input, list, number, numbers, string, tensor } from "./operator.ts";
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

/** Builds a tensor of a shape by asking where each element comes from; `undefined` takes `otherwise`. */
function pick(
  x: Value,
  shape: readonly number[],
  from: (index: readonly number[]) => readonly number[],
  otherwise = 0,
): Value {
  const strides = stridesOf(x.shape);
  const y = value(x.dtype, shape);
  eachIndex(shape, (index, flat) => {
    const source = from(index);
    const inside = source.every((i, axis) => i >= 0 && i < x.shape[axis]!);
    y.data[flat] = inside ? x.data[dot(source, strides)]! : otherwise;
  });
  return y;
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

type Cut = { readonly start: number; readonly step: number; readonly count: number };

function cutOf(size: number, start: number, end: number, step: number): Cut {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (i: number): number => Math.min(Math.max(i < 0 ? i + size : i, low), high);
  const first = step > 0 ? clamp(start) : Math.max(0, clamp(start));
  return { start: first, step, count: Math.max(0, Math.ceil((clamp(end) - first) / step)) };
}

function slice(call: Call): Value {
  const x = input(call, 0);
  const [starts, ends] = [input(call, 1).data, input(call, 2).data];
  const axes = numbers(call, 3) ?? [...starts.keys()];
  const cuts: Cut[] = x.shape.map((count) => ({ start: 0, step: 1, count }));
  for (const [i, asked] of axes.entries()) {
    const axis = axisOf(asked, x.shape.length);
    cuts[axis] = cutOf(x.shape[axis]!, starts[i]!, ends[i]!, numbers(call, 4)?.[i] ?? 1);
  }
  return pick(
    x,
    cuts.map((cut) => cut.count),
    (index) => index.map((i, a) => cuts[a]!.start + i * cuts[a]!.step),
  );
}

function gather(call: Call): Value {
  const [x, indices] = [input(call, 0), input(call, 1)];
  const axis = axisOf(number(call, "axis", 0), x.shape.length);
  const rank = indices.shape.length;
  const strides = stridesOf(indices.shape);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  return pick(x, shape, (index) => {
    const chosen = indices.data[dot(index.slice(axis, axis + rank), strides)]!;
    return [...index.slice(0, axis), axisOf(chosen, x.shape[axis]!), ...index.slice(axis + rank)];
  });
}

function scatterND(call: Call): Value {
  const [x, indices, updates] = [input(call, 0), input(call, 1), input(call, 2)];
  const depth = indices.shape.at(-1)!;
  const y = value(x.dtype, x.shape, x.data.slice());
  const strides = stridesOf(x.shape);
  const chunk = sizeOf(x.shape.slice(depth));
  const adds = string(call, "reduction", "none") === "add";
  for (const [i, update] of updates.data.entries()) {
    const row = Math.floor(i / chunk) * depth;
    const start = [...indices.data.subarray(row, row + depth)].reduce(
      (sum, e, axis) => sum + axisOf(e, x.shape[axis]!) * strides[axis]!,
      0,
    );
    const at = start + (i % chunk);
    y.data[at] = adds ? y.data[at]! + update : update;
  }
  return y;
}

function scatterElements(call: Call): Value {
  const [x, indices, updates] = [input(call, 0), input(call, 1), input(call, 2)];
  const axis = axisOf(number(call, "axis", 0), x.shape.length);
  const y = value(x.dtype, x.shape, x.data.slice());
  const strides = stridesOf(x.shape);
  const adds = string(call, "reduction", "none") === "add";
  eachIndex(indices.shape, (index, flat) => {
    const at = dot(
      index.map((i, a) => (a === axis ? axisOf(indices.data[flat]!, x.shape[axis]!) : i)),
      strides,
    );
    y.data[at] = adds ? y.data[at]! + updates.data[flat]! : updates.data[flat]!;
  });
  return y;
}

const gatherElements = (call: Call): Value => {
  const [x, indices] = [input(call, 0), input(call, 1)];
  const axis = axisOf(number(call, "axis", 0), x.shape.length);
  const strides = stridesOf(indices.shape);
  return pick(x, indices.shape, (index) =>
    index.map((i, a) =>
      a === axis ? axisOf(indices.data[dot(index, strides)]!, x.shape[axis]!) : i,
    ),
  );
};

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

const oneHot = (call: Call): Value => {
  const [indices, values] = [input(call, 0), input(call, 2)];
  const depth = input(call, 1).data[0]!;
  const axis = axisOf(number(call, "axis", -1), indices.shape.length + 1);
  const strides = stridesOf(indices.shape);
  const y = value(values.dtype, [
    ...indices.shape.slice(0, axis),
    depth,
    ...indices.shape.slice(axis),
  ]);
  eachIndex(y.shape, (index, flat) => {
    const hot = indices.data[dot(index.toSpliced(axis, 1), strides)]!;
    const inside = hot >= -depth && hot < depth && axisOf(hot, depth) === index[axis];
    y.data[flat] = values.data[inside ? 1 : 0]!;
  });
  return y;
};

function nonZero(call: Call): Value {
  const x = input(call, 0);
  const found: number[][] = [];
  eachIndex(x.shape, (index, flat) => {
    if (x.data[flat] !== 0) found.push([...index]);
  });
  return value(
    "int64",
    [x.shape.length, found.length],
    x.shape.flatMap((_, axis) => found.map((index) => index[axis]!)),
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
  Slice: slice,
  Gather: gather,
  GatherElements: gatherElements,
  ScatterND: scatterND,
  ScatterElements: scatterElements,
  Pad: pad,
  Expand: (call) => {
    const x = input(call, 0);
    return expand(x, broadcastShape(x.shape, [...input(call, 1).data]));
  },
  Tile: tile,
  OneHot: oneHot,
  NonZero: nonZero,
  Range: range,
  Shape: shapeOf,
  Size: (call) => value("int64", [], [input(call, 0).data.length]),
  Constant: constant,
  ConstantOfShape: constantOfShape,
};
