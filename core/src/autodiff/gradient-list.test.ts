// What can be differentiated, by name: a construct without a row or without random cases that draw it fails here.
import { expect, test } from "vitest";
import { drawFrom } from "../../../test/reference/case.ts";
import { cases } from "../../../test/reference/cases.ts";
import { floatOf, intOf, intsOf, textOf } from "../graph/attributes.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { gradientOf } from "./gradients.ts";

/** Says of a drawn graph whether it is the construct. */
type Draws = (node: Node, graph: Graph) => boolean;

const anything: Draws = () => true;
const rankOf = (graph: Graph, index = 0): number => graph.inputs[index]?.shape?.length ?? -1;
const some = (node: Node, name: string, holds: (value: number) => boolean): boolean =>
  (intsOf(node, name) ?? []).some(holds);
const isUneven: Draws = (node) => {
  const pads = intsOf(node, "pads") ?? [];
  return pads.slice(0, pads.length / 2).join() !== pads.slice(pads.length / 2).join();
};
const text =
  (name: string, value: string): Draws =>
  (node) =>
    textOf(node, name, "") === value;
const whole =
  (name: string, value: number): Draws =>
  (node) =>
    intOf(node, name, 0) === value;
const given =
  (index: number): Draws =>
  (node) =>
    (node.inputs[index] ?? "") !== "";

const shapes: Readonly<Record<string, Draws>> = {
  scalars: (_, graph) => rankOf(graph) === 0,
  "the first is repeated": (_, graph) => rankOf(graph) < rankOf(graph, 1),
  "the second is repeated": (_, graph) => rankOf(graph) > rankOf(graph, 1),
  "a size that only the run tells": (_, graph) =>
    graph.inputs.some(({ shape }) => shape?.some((dim) => typeof dim === "string")),
};

const window: Readonly<Record<string, Draws>> = {
  "in 1-D": (_, graph) => rankOf(graph) === 3,
  "in 2-D": (_, graph) => rankOf(graph) === 4,
  strides: (node) => some(node, "strides", (s) => s > 1),
  "asymmetric padding": isUneven,
};

const convolution: Readonly<Record<string, Draws>> = {
  ...window,
  groups: (node) => intOf(node, "group", 1) > 1,
  dilations: (node) => some(node, "dilations", (d) => d > 1),
  "a bias": given(2),
};

const automatic: Readonly<Record<string, Draws>> = Object.fromEntries(
  ["SAME_UPPER", "SAME_LOWER", "VALID"].map((mode) => [mode, text("auto_pad", mode)]),
);

const cell: Readonly<Record<string, Draws>> = {
  forward: text("direction", "forward"),
  reverse: text("direction", "reverse"),
  "both directions": text("direction", "bidirectional"),
  "initial states": given(5),
  "a bias": given(3),
};

const coordinates: Readonly<Record<string, Draws>> = Object.fromEntries(
  [
    ...["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"],
  ].map((mode) => [mode, text("coordinate_transformation_mode", mode)]),
);

/** Constructs by case: the name of what may be drawn, and how it is told. */
const list: Readonly<Record<string, Readonly<Record<string, Draws>>>> = {
  ...Object.fromEntries(["Add", "Sub", "Mul", "Div", "Min", "Max"].map((op) => [op, shapes])),
  ...Object.fromEntries(
    ["Abs", "Neg", "Sqrt", "Exp", "Log", "Reciprocal", "Erf", "Sin", "Cos", "Tan", "Atan"]
      .concat(["Sigmoid", "Tanh", "Softplus", "Softsign", "Relu", "LeakyRelu", "Elu", "Selu"])
      .concat(["Celu", "Gelu", "Gelu tanh", "HardSigmoid", "HardSwish", "Mish", "Identity"])
      .map((op) => [op, { scalars: (_: Node, graph: Graph) => rankOf(graph) === 0 }]),
  ),
  ...Object.fromEntries(
    ["Pow", "Pow of an exponent", "PRelu", "Clip", "Clip limits", "Where", "Cast", "MatMul"]
      .concat([
        "Min of three",
        "Max of three",
        "Einsum",
        "Einsum ellipsis",
        "Softmax",
        "LogSoftmax",
      ])
      .concat(["GlobalAveragePool", "GlobalMaxPool", "InstanceNormalization"])
      .concat(["GroupNormalization", "BatchNormalization", "BatchNormalization training"])
      .concat(["LayerNormalization", "LayerNormalization statistics"])
      .concat(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat", "Split"])
      .concat(["Slice", "Slice at run time", "Gather", "GatherElements", "GatherND"])
      .concat(["ScatterElements", "ScatterElements add", "ScatterND", "ScatterND add", "Tile"])
      .concat(["Pad", "Pad value", "Pad reflect", "Pad edge", "Expand", "SpaceToDepth"])
      .concat(["Resize nearest", "Resize cubic", "Resize cropped", "Conv depthwise"])
      .map((name) => [name, { drawn: anything }]),
  ),
  ...Object.fromEntries(
    ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSumExp", "SumSquare"].map((kind) => [
      `Reduce${kind}`,
      {
        "over all axes": (node: Node) => node.inputs.length === 1,
        "over some axes": (node: Node) => node.inputs.length === 2,
        "axes dropped": whole("keepdims", 0),
      },
    ]),
  ),
  Gemm: {
    transposed: (node) => intOf(node, "transA", 0) + intOf(node, "transB", 0) === 2,
    "a bias": given(2),
    factors: (node) => floatOf(node, "alpha", 1) !== 1 && floatOf(node, "beta", 1) !== 1,
  },
  Conv: convolution,
  "Conv auto_pad": automatic,
  "Conv auto_pad in 2-D": { groups: (node) => intOf(node, "group", 1) > 1 },
  ConvTranspose: {
    ...convolution,
    output_padding: (node) => some(node, "output_padding", (pad) => pad > 0),
  },
  "ConvTranspose auto_pad": automatic,
  "ConvTranspose output_shape": { SAME_UPPER: text("auto_pad", "SAME_UPPER") },
  MaxPool: {
    ...window,
    dilations: (node) => some(node, "dilations", (d) => d > 1),
    ceil_mode: whole("ceil_mode", 1),
    overlapping: (node) => {
      const strides = intsOf(node, "strides") ?? [];
      return (intsOf(node, "kernel_shape") ?? []).some((k, i) => k > (strides[i] ?? 1));
    },
  },
  "MaxPool auto_pad": automatic,
  "MaxPool column major": { drawn: anything },
  AveragePool: { ...window, count_include_pad: whole("count_include_pad", 1) },
  "AveragePool auto_pad": automatic,
  "AveragePool ceil_mode": { count_include_pad: whole("count_include_pad", 1) },
  "AveragePool dilated": { dilations: (node) => some(node, "dilations", (d) => d > 1) },
  CumSum: { exclusive: whole("exclusive", 1), reverse: whole("reverse", 1) },
  TopK: { largest: whole("largest", 1), smallest: whole("largest", 0) },
  Trilu: { upper: whole("upper", 1), lower: whole("upper", 0), shifted: given(1) },
  DepthToSpace: { DCR: text("mode", "DCR"), CRD: text("mode", "CRD") },
  "Resize linear": coordinates,
  RNN: cell,
  "RNN lengths": cell,
  GRU: cell,
  "GRU lengths": cell,
  "GRU linear before reset": cell,
  LSTM: { ...cell, "initial cells": given(6) },
  "LSTM lengths": cell,
  "LSTM peepholes": { drawn: given(7) },
  "LSTM batch first": { drawn: whole("layout", 1) },
};

const rows = Object.entries(list).flatMap(([name, draws]) =>
  Object.entries(draws).map(([what, isDrawn]) => [name, what, isDrawn] as const),
);

test.for(rows)("%s: %s", ([name, , isDrawn]) => {
  const op = name.split(" ")[0] ?? "";
  const isCell = ["RNN", "GRU", "LSTM"].includes(op);
  expect(isCell || gradientOf(op) !== undefined, "a row of the gradient table").toBe(true);
  const drawn = Array.from({ length: 80 }, (_, seed) => cases[name]!(drawFrom(seed)).graph);
  expect(drawn.some((graph) => isDrawn(graph.nodes[0]!, graph))).toBe(true);
});
