import { graphBuilder, int, ints } from "../../core/src/graph/builder.ts";
import type { Graph } from "../../core/src/graph/graph.ts";
import { f32 } from "../../core/src/graph/tensor.ts";
import { gaussian, seededRng } from "../../core/src/platform/random.ts";

type Builder = ReturnType<typeof graphBuilder>;

/** Adds layers one after the other, with weights by He et al. 2015 from a seed. */
function layers(b: Builder) {
  const rng = seededRng(3);
  let count = 0;
  const weight = (name: string, shape: readonly number[]): string => {
    const fanIn = shape.slice(1).reduce((a, c) => a * c, 1);
    const size = shape.reduce((a, c) => a * c, 1);
    const spread = shape.length === 1 ? 0 : Math.sqrt(2 / fanIn);
    const data = Float32Array.from({ length: size }, () => spread * gaussian(rng));
    return b.initializer(name, f32(data, shape));
  };
  const filled = (name: string, size: number, value: number): string =>
    b.initializer(name, f32(new Float32Array(size).fill(value), [size]));
  const next = (kind: string): string => {
    count += 1;
    return `${kind}${count}`;
  };
  return {
    conv(x: string, shape: readonly number[], more: Conv = {}): string {
      const { stride = 1, group = 1, pads, bias = false } = more;
      const name = next("conv");
      const kernel = shape.slice(2);
      const padding = pads ?? [...kernel.map((k) => (k - 1) >> 1), ...kernel.map((k) => k >> 1)];
      const inputs = [x, weight(`${name}.weight`, shape)];
      if (bias) inputs.push(filled(`${name}.bias`, shape[0] ?? 1, 0));
      return b.add("Conv", inputs, {
        attributes: {
          kernel_shape: ints(kernel),
          strides: ints(kernel.map(() => stride)),
          pads: ints(padding),
          group: int(group),
        },
      });
    },
    normalize(x: string, channels: number): string {
      const name = next("bn");
      const part = (kind: string, value: number): string =>
        filled(`${name}.${kind}`, channels, value);
      return b.add("BatchNormalization", [
        x,
        part("scale", 1),
        part("bias", 0),
        part("mean", 0),
        part("variance", 1),
      ]);
    },
    relu: (x: string): string => b.add("Relu", [x]),
    maxPool: (x: string, kernel: readonly number[]): string =>
      b.add("MaxPool", [x], { attributes: { kernel_shape: ints(kernel), strides: ints(kernel) } }),
    dense(x: string, from: number, to: number, output?: string): string {
      const name = next("dense");
      return b.add(
        "Gemm",
        [x, weight(`${name}.weight`, [to, from]), filled(`${name}.bias`, to, 0)],
        {
          attributes: { transB: int(1) },
          ...(output === undefined ? {} : { outputs: [output] }),
        },
      );
    },
    flat: (x: string): string => b.add("Flatten", [x]),
    globalAverage: (x: string): string => b.add("GlobalAveragePool", [x]),
    sum: (x: string, y: string): string => b.add("Add", [x, y]),
  };
}

type Conv = {
  readonly stride?: number;
  readonly group?: number;
  readonly pads?: readonly number[];
  readonly bias?: boolean;
};

function network(name: string, shape: readonly number[], classes: number, body: Body): Graph {
  const b = graphBuilder(name);
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", ...shape] });
  body(layers(b), x);
  b.output({ name: "logits", dtype: "float32", shape: ["N", classes] });
  return b.build();
}

type Body = (l: ReturnType<typeof layers>, x: string) => void;

/** 9 channels of 128 samples, two convolutions of width 5 and two dense layers. */
export const activityCnn = (): Graph =>
  network("1-D CNN", [9, 128], 6, (l, x) => {
    const first = l.maxPool(l.relu(l.conv(x, [32, 9, 5], { bias: true })), [2]);
    const second = l.maxPool(l.relu(l.conv(first, [64, 32, 5], { bias: true })), [2]);
    l.dense(l.relu(l.dense(l.flat(second), 2048, 128)), 128, 6, "logits");
  });

/** 512-1024-10. */
export const perceptron = (): Graph =>
  network("MLP", [512], 10, (l, x) => {
    l.dense(l.relu(l.dense(x, 512, 1024)), 1024, 10, "logits");
  });

/** The keyword network of MLPerf Tiny: 49 frames of 10 coefficients, four depthwise-separable blocks of 64. */
export const keywordCnn = (): Graph =>
  network("DS-CNN", [1, 49, 10], 12, (l, x) => {
    const first = l.conv(x, [64, 1, 10, 4], { stride: 2, pads: [4, 1, 5, 1] });
    let y = l.relu(l.normalize(first, 64));
    for (let block = 0; block < 4; block += 1) {
      y = l.relu(l.normalize(l.conv(y, [64, 1, 3, 3], { group: 64 }), 64));
      y = l.relu(l.normalize(l.conv(y, [64, 64, 1, 1]), 64));
    }
    l.dense(l.flat(l.globalAverage(y)), 64, 12, "logits");
  });

/**
 * The image network of MLPerf Tiny: 32x32 pixels, three residual stacks of 16, 32 and 64 channels.
 *
 * @param halving Padding where the size is halved: PyTorch's habit, or `[0, 0, 1, 1]`, Keras' "same" and the original.
 */
export const residualCnn = (halving: readonly number[] = [1, 1, 1, 1]): Graph =>
  network("ResNet-8", [3, 32, 32], 10, (l, x) => {
    let y = l.relu(l.normalize(l.conv(x, [16, 3, 3, 3]), 16));
    let from = 16;
    for (const to of [16, 32, 64]) {
      const stride = to === from ? 1 : 2;
      const one = l.relu(
        l.normalize(
          l.conv(y, [to, from, 3, 3], { stride, pads: stride === 1 ? [1, 1, 1, 1] : halving }),
          to,
        ),
      );
      const two = l.normalize(l.conv(one, [to, to, 3, 3]), to);
      const past = stride === 1 ? y : l.conv(y, [to, from, 1, 1], { stride });
      y = l.relu(l.sum(two, past));
      from = to;
    }
    l.dense(l.flat(l.globalAverage(y)), 64, 10, "logits");
  });

/** The image network of MLPerf Tiny's visual wake words: MobileNetV1 of a quarter of the width, 96x96 pixels. */
export const mobileCnn = (): Graph =>
  network("MobileNetV1-0.25", [3, 96, 96], 2, (l, x) => {
    const half = { stride: 2, pads: [0, 0, 1, 1] };
    let y = l.relu(l.normalize(l.conv(x, [8, 3, 3, 3], half), 8));
    let from = 8;
    for (const [at, to] of [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256].entries()) {
      const size = at > 0 && to > from ? half : {};
      y = l.relu(l.normalize(l.conv(y, [from, 1, 3, 3], { ...size, group: from }), from));
      y = l.relu(l.normalize(l.conv(y, [to, from, 1, 1]), to));
      from = to;
    }
    l.dense(l.flat(l.globalAverage(y)), from, 2, "logits");
  });
