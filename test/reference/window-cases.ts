import type { Attributes } from "../../core/src/graph/builder.ts";
import { int, ints, text } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import type { Draw, Maker } from "./case.ts";
import { caseOf } from "./case.ts";

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

/** Two axes, groups and dilations, padded to keep the size of the strides. */
const autoPadded2d: Maker = (draw) => {
  const group = draw.int(1, 2);
  const kernel = [draw.int(1, 3), draw.int(1, 4)];
  const attributes = {
    auto_pad: text(draw.of("SAME_UPPER", "SAME_LOWER")),
    strides: ints([draw.int(1, 2), draw.int(1, 2)]),
    group: int(group),
    kernel_shape: ints(kernel),
  };
  const x = draw.tensor([2, 2 * group, draw.int(4, 6), draw.int(4, 6)]);
  return caseOf(
    "Conv",
    { x, w: draw.tensor([2 * group, 2, ...kernel]) },
    { attributes, symbolic: ["x"] },
  );
};

/** Kernels at least as long as the strides, so that nothing is cut off that was never written. */
const transposed =
  (attributes: (draw: Draw, sizes: { full: number[]; strides: number[] }) => Attributes): Maker =>
  (draw) => {
    const group = draw.int(1, 2);
    const strides = [draw.int(1, 3), draw.int(1, 2)];
    const kernel = strides.map((s) => draw.int(s, 4));
    const size = [draw.int(2, 4), draw.int(2, 4)];
    const full = size.map((n, i) => strides[i]! * (n - 1) + kernel[i]!);
    const tensors = {
      x: draw.tensor([2, 2 * group, ...size]),
      w: draw.tensor([2 * group, draw.int(1, 2), ...kernel]),
    };
    return caseOf("ConvTranspose", tensors, {
      attributes: {
        kernel_shape: ints(kernel),
        strides: ints(strides),
        group: int(group),
        ...attributes(draw, { full, strides }),
      },
      symbolic: ["x"],
    });
  };

const shaped = transposed((draw, { full }) => ({
  output_shape: ints(full.map((n) => n - draw.int(0, 1))),
  auto_pad: text(draw.of("NOTSET", "SAME_UPPER", "SAME_LOWER")),
}));

const transposedSame = transposed((draw) => ({
  auto_pad: text(draw.of("SAME_UPPER", "SAME_LOWER", "VALID")),
}));

const autoPool =
  (op: "MaxPool" | "AveragePool"): Maker =>
  (draw) => {
    const x = draw.tensor([1, 2, draw.int(4, 7)]);
    const attributes: Attributes = {
      auto_pad: text(draw.of("SAME_UPPER", "SAME_LOWER", "VALID")),
      strides: ints([draw.int(1, 3)]),
      kernel_shape: ints([draw.int(1, 4)]),
      ...(op === "AveragePool" ? { count_include_pad: int(draw.int(0, 1)) } : {}),
    };
    return caseOf(op, { x }, { attributes, symbolic: ["x"] });
  };

const averageCeil: Maker = (draw) => {
  const rank = draw.int(1, 2);
  const { attributes } = windowOf(draw, rank, (k) => Math.min(k - 1, 2));
  const x = draw.tensor([1, 2, ...sizes(draw, rank)]);
  const more = { ceil_mode: int(1), count_include_pad: int(draw.int(0, 1)) };
  return caseOf("AveragePool", { x }, { attributes: { ...attributes, ...more }, symbolic: ["x"] });
};

const averageDilated: Maker = (draw) => {
  const rank = draw.int(1, 2);
  const { attributes } = windowOf(draw, rank, (k) => Math.min(k - 1, 2));
  const x = draw.tensor([1, 2, ...sizes(draw, rank)]);
  const more = { count_include_pad: int(draw.int(0, 1)) };
  return caseOf("AveragePool", { x }, { attributes: { ...attributes, ...more }, symbolic: ["x"] });
};

const columnMajor: Maker = (draw) => {
  const x = draw.tensor([2, 2, draw.int(3, 5), draw.int(3, 5)]);
  const attributes = { kernel_shape: ints([2, 3]), storage_order: int(1) };
  return caseOf("MaxPool", { x }, { attributes, outputs: 2, dtypes: { y1: "int64" } });
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

/** So many channels that a weight's gradient is a product a tap. */
const wide: Maker = (draw) => {
  const rank = draw.int(1, 2);
  const { kernel, attributes } = windowOf(draw, rank, () => 1);
  const channels = draw.int(16, 17);
  const x = draw.tensor([2, channels, ...sizes(draw, rank)]);
  return caseOf(
    "Conv",
    { x, w: draw.tensor([draw.int(1, 2), channels, ...kernel]) },
    { attributes, symbolic: ["x"] },
  );
};

const spatial =
  (op: string): Maker =>
  (draw) =>
    caseOf(op, { x: draw.tensor(draw.shape(draw.int(3, 4))) }, { symbolic: ["x"] });

/** Random cases of convolutions and pools. */
export const windowCases: Readonly<Record<string, Maker>> = {
  Conv: conv("Conv"),
  "Conv auto_pad": autoPadded,
  "Conv auto_pad in 2-D": autoPadded2d,
  ConvTranspose: conv("ConvTranspose"),
  "ConvTranspose auto_pad": transposedSame,
  "ConvTranspose output_shape": shaped,
  "Conv depthwise": depthwise,
  "Conv wide": wide,
  MaxPool: pool("MaxPool"),
  "MaxPool auto_pad": autoPool("MaxPool"),
  "MaxPool column major": columnMajor,
  "MaxPool tiling": tiling("MaxPool"),
  "AveragePool auto_pad": autoPool("AveragePool"),
  "AveragePool ceil_mode": averageCeil,
  "AveragePool dilated": averageDilated,
  "AveragePool tiling": tiling("AveragePool"),
  AveragePool: pool("AveragePool"),
  GlobalAveragePool: spatial("GlobalAveragePool"),
  GlobalMaxPool: spatial("GlobalMaxPool"),
};
