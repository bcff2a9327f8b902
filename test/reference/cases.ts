import type { Attributes } from "../../core/src/graph/builder.ts";
import { float, int, ints } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import { f32, i64, sizeOf } from "../../core/src/graph/tensor.ts";
import { activationCases } from "./activation-cases.ts";
import type { Draw, Maker } from "./case.ts";
import { binary, caseOf, narrower, unary } from "./case.ts";
import { recurrenceCases } from "./recurrence-cases.ts";
import { resamplingCases } from "./resampling-cases.ts";
import { scanningCases } from "./scanning-cases.ts";

const reducer =
  (op: string, positive = false): Maker =>
  (draw) => {
    const rank = draw.int(1, 4);
    const shape = draw.shape(rank);
    const x = positive ? draw.positive(shape) : draw.tensor(shape);
    const attributes = { keepdims: int(draw.int(0, 1)) };
    if (draw.int(0, 3) === 0) return caseOf(op, { x }, { attributes, symbolic: ["x"] });
    const picked = Array.from({ length: rank }, (_, axis) => axis).filter(draw.flip);
    const axes = picked.length === 0 ? [rank - 1] : picked;
    const signed = axes.map((axis) => (draw.flip() ? axis - rank : axis));
    return caseOf(
      op,
      { x, axes: i64(signed) },
      { attributes, constants: ["axes"], symbolic: ["x"] },
    );
  };

const matmul: Maker = (draw) => {
  const [m, k, n] = draw.shape(3) as [number, number, number];
  const batch = draw.shape(draw.int(0, 2));
  const [one, two] = draw.of(
    [batch, []],
    [batch, batch],
    [batch, narrower(draw, batch)],
    [narrower(draw, batch), batch],
  );
  const a = draw.int(0, 5) === 0 ? [k] : [...one!, m, k];
  const b = draw.int(0, 5) === 0 ? [k] : [...two!, k, n];
  return caseOf(
    "MatMul",
    { a: draw.tensor(a), b: draw.tensor(b) },
    { symbolic: a.length > 2 ? ["a"] : [] },
  );
};

const gemm: Maker = (draw) => {
  const [m, k, n] = draw.shape(3) as [number, number, number];
  const [transA, transB] = [draw.int(0, 1), draw.int(0, 1)];
  const tensors: Record<string, Tensor> = {
    a: draw.tensor(transA === 1 ? [k, m] : [m, k]),
    b: draw.tensor(transB === 1 ? [n, k] : [k, n]),
  };
  if (draw.flip()) tensors["c"] = draw.tensor(draw.of([n], [m, n], [1, n], [m, 1], [1], []));
  const attributes = {
    transA: int(transA),
    transB: int(transB),
    alpha: float(draw.of(1, 0.5)),
    beta: float(draw.of(1, 2)),
  };
  return caseOf("Gemm", tensors, { attributes, symbolic: transA === 0 ? ["a"] : [] });
};

type Window = {
  readonly kernel: number[];
  readonly attributes: Record<string, ReturnType<typeof ints>>;
};

const windowOf = (draw: Draw, rank: number, padMax: (kernel: number) => number): Window => {
  const each = (low: number, high: number): number[] =>
    Array.from({ length: rank }, () => draw.int(low, high));
  const kernel = each(1, 4);
  const pads = [...kernel, ...kernel].map((k) => draw.int(0, padMax(k)));
  return {
    kernel,
    attributes: {
      kernel_shape: ints(kernel),
      strides: ints(each(1, 3)),
      dilations: ints(each(1, 2)),
      pads: ints(pads),
    },
  };
};

const sizes = (draw: Draw, rank: number): number[] =>
  Array.from({ length: rank }, () => draw.int(7, 9));

const conv =
  (op: "Conv" | "ConvTranspose"): Maker =>
  (draw) => {
    const rank = draw.int(1, 2);
    const { kernel, attributes } = windowOf(draw, rank, (k) =>
      op === "Conv" ? 2 : Math.min(k - 1, 1),
    );
    const group = draw.int(1, 3);
    const perGroup = draw.of(1, 2);
    const channels = group * perGroup;
    const filters = draw.of(1, 2);
    const w = op === "Conv" ? [group * filters, perGroup] : [channels, filters];
    const tensors: Record<string, Tensor> = {
      x: draw.tensor([
        draw.int(1, 3),
        channels,
        ...(op === "Conv" ? sizes(draw, rank) : draw.shape(rank)),
      ]),
      w: draw.tensor([...w, ...kernel]),
    };
    if (draw.flip()) tensors["b"] = draw.tensor([group * filters]);
    const { strides } = attributes;
    const extra =
      op === "Conv"
        ? {}
        : {
            output_padding: ints(
              (strides?.kind === "ints" ? strides.value : []).map((s) => draw.int(0, s - 1)),
            ),
          };
    return caseOf(op, tensors, {
      attributes: { ...attributes, ...extra, group: int(group) },
      symbolic: ["x"],
    });
  };

const autoPadded: Maker = (draw) => {
  const x = draw.tensor([2, 2, draw.int(5, 8)]);
  const k = draw.int(1, 4);
  const attributes = {
    auto_pad: { kind: "string" as const, value: draw.of("SAME_UPPER", "SAME_LOWER", "VALID") },
    strides: ints([draw.int(1, 3)]),
    kernel_shape: ints([k]),
  };
  return caseOf("Conv", { x, w: draw.tensor([3, 2, k]) }, { attributes, symbolic: ["x"] });
};

const pool =
  (op: "MaxPool" | "AveragePool"): Maker =>
  (draw) => {
    const rank = draw.int(1, 2);
    const { attributes } = windowOf(draw, rank, (k) => Math.min(k - 1, 2));
    const { dilations, ...rest } = attributes;
    const x = draw.tensor([draw.int(1, 3), draw.int(1, 3), ...sizes(draw, rank)]);
    const extra: Attributes =
      op === "MaxPool"
        ? { dilations: dilations!, ceil_mode: int(draw.int(0, 1)) }
        : { count_include_pad: int(draw.int(0, 1)) };
    return caseOf(op, { x }, { attributes: { ...rest, ...extra }, symbolic: ["x"] });
  };

const tiling =
  (op: "MaxPool" | "AveragePool"): Maker =>
  (draw) => {
    const kernel = Array.from({ length: draw.int(1, 2) }, () => draw.int(1, 3));
    const x = draw.tensor([draw.int(1, 3), draw.int(1, 3), ...sizes(draw, kernel.length)]);
    const attributes = { kernel_shape: ints(kernel), strides: ints(kernel) };
    return caseOf(op, { x }, { attributes, symbolic: ["x"] });
  };

const depthwise: Maker = (draw) => {
  const rank = draw.int(1, 2);
  const { kernel, attributes } = windowOf(draw, rank, () => 2);
  const channels = draw.int(2, 4);
  const x = draw.tensor([draw.int(1, 3), channels, ...sizes(draw, rank)]);
  const w = draw.tensor([channels, 1, ...kernel]);
  return caseOf(
    "Conv",
    { x, w },
    { attributes: { ...attributes, group: int(channels) }, symbolic: ["x"] },
  );
};

const spatial =
  (op: string): Maker =>
  (draw) =>
    caseOf(op, { x: draw.tensor(draw.shape(draw.int(3, 4))) }, { symbolic: ["x"] });

const channelNormal =
  (op: string, groups: boolean): Maker =>
  (draw) => {
    const group = groups ? draw.int(1, 2) : 1;
    const channels = group * draw.int(1, 3);
    const x = draw.tensor([
      draw.int(1, 3),
      channels,
      draw.int(2, 4),
      ...draw.shape(draw.int(0, 1)),
    ]);
    const attributes: Attributes = {
      epsilon: float(0.01),
      ...(groups ? { num_groups: int(group) } : {}),
    };
    return caseOf(
      op,
      { x, scale: draw.tensor([channels]), bias: draw.tensor([channels]) },
      { attributes, symbolic: ["x"] },
    );
  };

const layerNormal: Maker = (draw) => {
  const rank = draw.int(2, 4);
  const axis = draw.int(1, rank - 1);
  const shape = draw.shape(rank);
  shape[rank - 1] = draw.int(2, 4);
  const tensors: Record<string, Tensor> = {
    x: draw.tensor(shape),
    scale: draw.tensor(shape.slice(axis)),
  };
  if (draw.flip()) tensors["bias"] = draw.tensor(shape.slice(axis));
  return caseOf("LayerNormalization", tensors, {
    attributes: { axis: int(draw.of(axis, axis - rank)), epsilon: float(0.01) },
    symbolic: ["x"],
  });
};

const batchNormal =
  (training: boolean): Maker =>
  (draw) => {
    const channels = draw.int(1, 3);
    const x = draw.tensor([draw.int(2, 3), channels, ...draw.shape(draw.int(0, 2))]);
    const [scale, bias, mean] = [0, 1, 2].map(() => draw.tensor([channels])) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const attributes: Attributes = {
      epsilon: float(0.01),
      ...(training ? { training_mode: int(1), momentum: float(draw.of(0, 0.8)) } : {}),
    };
    return caseOf(
      "BatchNormalization",
      { x, scale, bias, mean, var: draw.positive([channels]) },
      { attributes, outputs: training ? 3 : 1, symbolic: ["x"] },
    );
  };

const axisCase =
  (op: string, extra: (draw: Draw) => Attributes = () => ({})): Maker =>
  (draw) => {
    const rank = draw.int(1, 4);
    return caseOf(
      op,
      { x: draw.tensor(draw.shape(rank)) },
      { attributes: { axis: int(draw.int(-rank, rank - 1)), ...extra(draw) }, symbolic: ["x"] },
    );
  };

const concat: Maker = (draw) => {
  const rank = draw.int(1, 3);
  const axis = draw.int(0, rank - 1);
  const shape = draw.shape(rank);
  const part = (): Tensor =>
    draw.tensor(shape.map((dim, i) => (i === axis ? draw.int(1, 3) : dim)));
  return caseOf(
    "Concat",
    { a: part(), b: part(), c: part() },
    { attributes: { axis: int(draw.of(axis, axis - rank)) }, symbolic: ["a", "b", "c"] },
  );
};

const split: Maker = (draw) => {
  const sizes_ = [draw.int(1, 3), draw.int(1, 3)];
  const shape = draw.shape(draw.int(1, 3));
  const axis = draw.int(0, shape.length - 1);
  shape[axis] = sizes_[0]! + sizes_[1]!;
  return caseOf(
    "Split",
    { x: draw.tensor(shape), sizes: i64(sizes_) },
    {
      attributes: { axis: int(axis) },
      outputs: 2,
      constants: ["sizes"],
      symbolic: axis === 0 ? [] : ["x"],
    },
  );
};

const slice: Maker = (draw) => {
  const shape = [draw.int(1, 3), draw.int(2, 6), draw.int(2, 6)];
  const steps = [draw.of(1, 1, 2, 3), draw.of(1, -1, -2)];
  const starts = steps.map((step) => (step > 0 ? draw.int(0, 1) : draw.of(-1, 5)));
  const ends = steps.map((step) => (step > 0 ? draw.of(-1, 5, 99) : draw.of(0, -99)));
  return caseOf(
    "Slice",
    {
      x: draw.tensor(shape),
      starts: i64(starts),
      ends: i64(ends),
      axes: i64([1, -1]),
      steps: i64(steps),
    },
    { constants: ["starts", "ends", "axes", "steps"], symbolic: ["x"] },
  );
};

const gather: Maker = (draw) => {
  const shape = draw.shape(draw.int(1, 3));
  const axis = draw.int(0, shape.length - 1);
  const indices = draw.shape(draw.int(0, 2));
  const size = shape[axis]!;
  const data = Array.from({ length: sizeOf(indices) }, () => draw.int(-size, size - 1));
  return caseOf(
    "Gather",
    { x: draw.tensor(shape), indices: i64(data, indices) },
    { attributes: { axis: int(draw.of(axis, axis - shape.length)) }, symbolic: ["x"] },
  );
};

const pad: Maker = (draw) => {
  const shape = [draw.int(1, 3), draw.int(3, 4), draw.int(3, 4)];
  const pads = Array.from({ length: 4 }, () => draw.int(-1, 2));
  return caseOf(
    "Pad",
    { x: draw.tensor(shape), pads: i64(pads), value: f32([0.5], []), axes: i64([1, 2]) },
    { constants: ["pads", "value", "axes"], symbolic: ["x"] },
  );
};

const where: Maker = (draw) => {
  const shape = draw.shape(3);
  const condition = draw.tensor(narrower(draw, shape));
  const bools: Tensor = {
    dtype: "bool",
    shape: condition.shape,
    data: Uint8Array.from(condition.data as Float32Array, (x) => Number(x > 0)),
  };
  return caseOf("Where", {
    condition: bools,
    a: draw.tensor(narrower(draw, shape)),
    b: draw.tensor(shape),
  });
};

const clip: Maker = (draw) =>
  caseOf(
    "Clip",
    { x: draw.tensor(draw.shape(2)), low: f32([-0.7], []), high: f32([0.9], []) },
    { constants: ["low", "high"], symbolic: ["x"] },
  );

const power: Maker = (draw) =>
  caseOf(
    "Pow",
    { x: draw.positive(draw.shape(2)), p: f32([draw.of(0.5, 2, 3, -1)], []) },
    { constants: ["p"], symbolic: ["x"] },
  );

const reshape: Maker = (draw) => {
  const [a, b, c] = draw.shape(3) as [number, number, number];
  return caseOf(
    "Reshape",
    { x: draw.tensor([a, b, c]), shape: i64(draw.of([0, -1], [a, b * c], [-1, c], [a * b * c])) },
    { constants: ["shape"], symbolic: draw.flip() ? ["x"] : [] },
  );
};

const expand: Maker = (draw) => {
  const shape = draw.shape(3);
  return caseOf(
    "Expand",
    { x: draw.tensor(narrower(draw, shape)), shape: i64(shape) },
    { constants: ["shape"] },
  );
};

const squeeze: Maker = (draw) =>
  caseOf(
    "Squeeze",
    { x: draw.tensor([draw.int(1, 3), 1, draw.int(1, 3)]), axes: i64([1]) },
    { constants: ["axes"], symbolic: ["x"] },
  );
const unsqueeze: Maker = (draw) =>
  caseOf(
    "Unsqueeze",
    { x: draw.tensor(draw.shape(2)), axes: i64(draw.of([0], [1, -1])) },
    { constants: ["axes"], symbolic: ["x"] },
  );

const transpose: Maker = (draw) =>
  caseOf(
    "Transpose",
    { x: draw.tensor(draw.shape(3)) },
    {
      attributes: draw.flip() ? {} : { perm: ints(draw.of([1, 2, 0], [0, 2, 1], [2, 0, 1])) },
      symbolic: ["x"],
    },
  );

const powers: Maker = (draw) => {
  const shape = draw.shape(3);
  return caseOf("Pow", { x: draw.positive(narrower(draw, shape)), p: draw.tensor(shape) });
};

const variadic =
  (op: string): Maker =>
  (draw) => {
    const shape = draw.shape(3);
    const part = (): Tensor => draw.tensor(narrower(draw, shape));
    return caseOf(op, { a: part(), b: draw.tensor(shape), c: part() }, { symbolic: ["b"] });
  };

/** Away from the poles. */
const tangent: Maker = (draw) => {
  const { graph, feeds } = unary("Tan")(draw);
  const x = feeds["x"] as Tensor;
  const data = Float32Array.from(x.data as Float32Array, (e) => 0.6 * e);
  return { graph, feeds: { x: { dtype: "float32", shape: x.shape, data } } };
};

/** Random cases of every operator that has a gradient, by a name that starts with the operator's. */
export const cases: Readonly<Record<string, Maker>> = {
  ...activationCases,
  ...recurrenceCases,
  ...resamplingCases,
  ...scanningCases,
  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  Div: binary("Div", true),
  Min: binary("Min"),
  Max: binary("Max"),
  Neg: unary("Neg"),
  Abs: unary("Abs"),
  Sqrt: unary("Sqrt", true),
  Exp: unary("Exp"),
  Log: unary("Log", true),
  Reciprocal: unary("Reciprocal", true),
  Sin: unary("Sin"),
  Cos: unary("Cos"),
  Tan: tangent,
  Atan: unary("Atan"),
  Erf: unary("Erf"),
  Identity: unary("Identity"),
  Cast: unary("Cast", false, { to: int(1) }),
  Pow: power,
  "Pow of an exponent": powers,
  Sum: variadic("Sum"),
  Mean: variadic("Mean"),
  Clip: clip,
  Where: where,
  MatMul: matmul,
  Gemm: gemm,
  Conv: conv("Conv"),
  "Conv auto_pad": autoPadded,
  ConvTranspose: conv("ConvTranspose"),
  "Conv depthwise": depthwise,
  MaxPool: pool("MaxPool"),
  "MaxPool tiling": tiling("MaxPool"),
  "AveragePool tiling": tiling("AveragePool"),
  AveragePool: pool("AveragePool"),
  GlobalAveragePool: spatial("GlobalAveragePool"),
  GlobalMaxPool: spatial("GlobalMaxPool"),
  BatchNormalization: batchNormal(false),
  "BatchNormalization training": batchNormal(true),
  InstanceNormalization: channelNormal("InstanceNormalization", false),
  GroupNormalization: channelNormal("GroupNormalization", true),
  LayerNormalization: layerNormal,
  Softmax: axisCase("Softmax"),
  LogSoftmax: axisCase("LogSoftmax"),
  ReduceSum: reducer("ReduceSum"),
  ReduceMean: reducer("ReduceMean"),
  ReduceMax: reducer("ReduceMax"),
  ReduceMin: reducer("ReduceMin"),
  ReduceSumSquare: reducer("ReduceSumSquare"),
  ReduceL1: reducer("ReduceL1"),
  ReduceL2: reducer("ReduceL2"),
  ReduceProd: reducer("ReduceProd"),
  ReduceLogSum: reducer("ReduceLogSum", true),
  ReduceLogSumExp: reducer("ReduceLogSumExp"),
  Reshape: reshape,
  Flatten: axisCase("Flatten"),
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  Pad: pad,
  Expand: expand,
};
