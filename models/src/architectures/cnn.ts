import type { Graph, GraphBuilder } from "@edgeloop/core/graph";
import { float, graphBuilder, int, ints } from "@edgeloop/core/graph";
import { EdgeloopError, seededRng } from "@edgeloop/core/platform";
import { filled, heNormal, uniformFanIn } from "./weights.ts";

/** One convolution of the stack, followed by normalisation and Relu. */
export type ConvLayer = {
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
};

/** A small 1-D convolutional classifier. */
export type CnnSpec = {
  readonly kind: "cnn";
  readonly layers: readonly ConvLayer[];
  /**
   * What follows each convolution: `batch` statistics, or those of `group`s of channels of the one example. Groups carry
   * no running statistics, which do not average well over devices (Hsieh et al. 2020, arXiv:1910.00189 §5).
   */
  readonly norm: "batch" | "group";
  /** Positions that the averaging before the head keeps; 1 is global average pooling. */
  readonly positions: number;
};

/** What an architecture is fitted to. */
export type Fit = {
  /** Shape of one example, `[channel, time]`. */
  readonly channels: number;
  readonly length: number;
  readonly classes: number;
  readonly seed: number;
};

/**
 * Builds a 1-D convolutional classifier: convolutions with normalisation and Relu, average pooling, one linear layer,
 * softmax.
 *
 * Input `features` `[N, channel, time]`; output `scores` `[N, class]`, softmax of `logits`.
 *
 * @throws `ARCHITECTURE_TOO_DEEP` when the input is too short for the strides.
 * @see Wang, Yan, Oates 2017, arXiv:1611.06455 (FCN baseline for time series)
 */
export function cnn(spec: CnnSpec, fit: Fit): Graph {
  const b = graphBuilder("cnn");
  const rng = seededRng(fit.seed);
  let value = b.input({
    name: "features",
    dtype: "float32",
    shape: ["N", fit.channels, fit.length],
  });
  let [channels, length] = [fit.channels, fit.length];
  spec.layers.forEach((layer, index) => {
    const name = `conv${index + 1}`;
    const weight = b.initializer(
      `${name}.weight`,
      heNormal([layer.filters, channels, layer.kernel], rng),
    );
    const pad = Math.floor(layer.kernel / 2);
    value = b.add("Conv", [value, weight], {
      name,
      attributes: {
        kernel_shape: ints([layer.kernel]),
        strides: ints([layer.stride]),
        pads: ints([pad, pad]),
        dilations: ints([1]),
        group: int(1),
      },
    });
    const norm = { name: `norm${index + 1}`, channels: layer.filters };
    value = spec.norm === "batch" ? batchNorm(b, value, norm) : groupNorm(b, value, norm);
    value = b.add("Relu", [value], { name: `relu${index + 1}` });
    length = Math.floor((length + 2 * pad - layer.kernel) / layer.stride) + 1;
    channels = layer.filters;
  });
  const kernel = Math.floor(length / spec.positions);
  if (kernel < 1) {
    throw new EdgeloopError(
      "ARCHITECTURE_TOO_DEEP",
      "the strides leave fewer steps than the head keeps positions: lower a stride or the positions",
      { details: { length, positions: spec.positions } },
    );
  }
  head(b, value, { kernel, features: channels * Math.floor(length / kernel), fit, rng });
  return b.build();
}

type Norm = { readonly name: string; readonly channels: number };

function batchNorm(b: GraphBuilder, value: string, { name, channels }: Norm): string {
  const scale = b.initializer(`${name}.scale`, filled([channels], 1));
  const bias = b.initializer(`${name}.bias`, filled([channels], 0));
  const mean = b.initializer(`${name}.mean`, filled([channels], 0));
  const variance = b.initializer(`${name}.variance`, filled([channels], 1));
  return b.add("BatchNormalization", [value, scale, bias, mean, variance], {
    name,
    attributes: { epsilon: float(1e-5), momentum: float(0.9) },
  });
}

/** Channels that share their statistics (Wu & He 2018, arXiv:1803.08494: 8 to 32 work alike). */
const groupChannels = 8;

function groupNorm(b: GraphBuilder, value: string, { name, channels }: Norm): string {
  const scale = b.initializer(`${name}.scale`, filled([channels], 1));
  const bias = b.initializer(`${name}.bias`, filled([channels], 0));
  const groups = channels % groupChannels === 0 ? channels / groupChannels : 1;
  return b.add("GroupNormalization", [value, scale, bias], {
    name,
    attributes: { epsilon: float(1e-5), num_groups: int(groups) },
  });
}

function head(
  b: GraphBuilder,
  value: string,
  options: {
    readonly kernel: number;
    readonly features: number;
    readonly fit: Fit;
    readonly rng: () => number;
  },
): void {
  const { kernel, features, fit, rng } = options;
  const pooled = b.add("AveragePool", [value], {
    name: "pool",
    attributes: { kernel_shape: ints([kernel]), strides: ints([kernel]), pads: ints([0, 0]) },
  });
  const flat = b.add("Flatten", [pooled], { name: "flat", attributes: { axis: int(1) } });
  const weight = b.initializer("head.weight", uniformFanIn([fit.classes, features], rng));
  const bias = b.initializer("head.bias", filled([fit.classes], 0));
  b.add("Gemm", [flat, weight, bias], {
    name: "head",
    outputs: ["logits"],
    attributes: { transB: int(1), transA: int(0), alpha: float(1), beta: float(1) },
  });
  b.add("Softmax", ["logits"], {
    name: "softmax",
    outputs: ["scores"],
    attributes: { axis: int(-1) },
  });
  b.output({ name: "scores", dtype: "float32", shape: ["N", fit.classes] });
}
