import type { Call, Operators } from "./operator.ts";
import { input, number, string } from "./operator.ts";
import type { Value } from "./value.ts";
import { axisOf, dot, eachIndex, stridesOf, value } from "./value.ts";

/** Calls `visit` with the positions of each line of elements along an axis, in order. */
function eachLine(x: Value, axis: number, visit: (line: readonly number[]) => void): void {
  const strides = stridesOf(x.shape);
  eachIndex(x.shape.with(axis, 1), (index) => {
    const start = dot(index, strides);
    visit(Array.from({ length: x.shape[axis]! }, (_, i) => start + i * strides[axis]!));
  });
}

function cumulativeSum(call: Call): Value {
  const x = input(call, 0);
  const y = value(x.dtype, x.shape);
  const isExclusive = number(call, "exclusive", 0) === 1;
  eachLine(x, axisOf(input(call, 1).data[0]!, x.shape.length), (line) => {
    let sum = 0;
    for (const at of number(call, "reverse", 0) === 1 ? line.toReversed() : line) {
      y.data[at] = isExclusive ? sum : sum + x.data[at]!;
      sum += x.data[at]!;
    }
  });
  return y;
}

/** The largest or smallest of each line; of equal elements the one that comes first. */
function topK(call: Call): Value[] {
  const x = input(call, 0);
  const axis = axisOf(number(call, "axis", -1), x.shape.length);
  const count = input(call, 1).data[0]!;
  const shape = x.shape.with(axis, count);
  const [values, indices] = [value(x.dtype, shape), value("int64", shape)];
  const sign = number(call, "largest", 1) === 1 ? -1 : 1;
  const found: number[][] = [];
  eachLine(x, axis, (line) => {
    const order = [...line.keys()].sort((a, b) => sign * (x.data[line[a]!]! - x.data[line[b]!]!));
    found.push(order.slice(0, count).map((i) => line[i]!));
  });
  const stride = stridesOf(x.shape)[axis]!;
  let at = 0;
  eachLine(values, axis, (line) => {
    for (const [i, place] of line.entries()) {
      const from = found[at]![i]!;
      values.data[place] = x.data[from]!;
      indices.data[place] = Math.floor(from / stride) % x.shape[axis]!;
    }
    at += 1;
  });
  return [values, indices];
}

function triangle(call: Call): Value {
  const x = input(call, 0);
  const shift = call.inputs[1]?.data[0] ?? 0;
  const isUpper = number(call, "upper", 1) === 1;
  const y = value(x.dtype, x.shape);
  eachIndex(x.shape, (index, flat) => {
    const [row, column] = [index.at(-2)!, index.at(-1)!];
    const isKept = isUpper ? column >= row + shift : column <= row + shift;
    y.data[flat] = isKept ? x.data[flat]! : 0;
  });
  return y;
}

function gatherND(call: Call): Value {
  const [x, indices] = [input(call, 0), input(call, 1)];
  const depth = indices.shape.at(-1)!;
  const strides = stridesOf(x.shape);
  const chunk = x.shape.slice(depth).reduce((a, b) => a * b, 1);
  const rows = indices.data.length / depth;
  const y = value(x.dtype, [...indices.shape.slice(0, -1), ...x.shape.slice(depth)]);
  for (let row = 0; row < rows; row += 1) {
    const at = [...indices.data.subarray(row * depth, (row + 1) * depth)];
    const start = dot(
      at.map((i, axis) => axisOf(i, x.shape[axis]!)),
      strides,
    );
    y.data.set(x.data.subarray(start, start + chunk), row * chunk);
  }
  return y;
}

/** Moves blocks of `[N, C, H, W]` between channels and space. */
function blocks(call: Call): Value {
  const x = input(call, 0);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const size = number(call, "blocksize", 1);
  const isOut = call.node.op === "DepthToSpace";
  const perBlock = c / size ** 2;
  const isRows = string(call, "mode", "DCR") === "CRD";
  const shape = isOut ? [n, perBlock, h * size, w * size] : [n, c * size ** 2, h / size, w / size];
  const strides = stridesOf(x.shape);
  const y = value(x.dtype, shape);
  eachIndex(shape, (index, flat) => {
    const [batch, channel, row, column] = index as [number, number, number, number];
    if (isOut) {
      const block = (row % size) * size + (column % size);
      const from = isRows ? channel * size ** 2 + block : block * perBlock + channel;
      const at = [batch, from, Math.floor(row / size), Math.floor(column / size)];
      y.data[flat] = x.data[dot(at, strides)]!;
    } else {
      const block = Math.floor(channel / c);
      const [down, right] = [Math.floor(block / size), block % size];
      const at = [batch, channel % c, row * size + down, column * size + right];
      y.data[flat] = x.data[dot(at, strides)]!;
    }
  });
  return y;
}

/** Operators that read along axes or move single elements. */
export const scanning: Operators = {
  CumSum: cumulativeSum,
  TopK: topK,
  Trilu: triangle,
  GatherND: gatherND,
  DepthToSpace: blocks,
  SpaceToDepth: blocks,
};
