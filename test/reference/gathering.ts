import { sizeOf } from "../../core/src/graph/tensor.ts";
import type { Call, Operators } from "./operator.ts";
import { input, number, numbers, string } from "./operator.ts";
import { pick } from "./pick.ts";
import type { Value } from "./value.ts";
import { axisOf, dot, eachIndex, stridesOf, value } from "./value.ts";

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

/** Operators that pick and place elements. */
export const gathering: Operators = {
  Slice: slice,
  Gather: gather,
  GatherElements: gatherElements,
  ScatterND: scatterND,
  ScatterElements: scatterElements,
  OneHot: oneHot,
  NonZero: nonZero,
};
