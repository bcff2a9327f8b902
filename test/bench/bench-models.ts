import { graphBuilder, int, ints } from "../../core/src/graph/builder.ts";
import type { Graph } from "../../core/src/graph/graph.ts";
import type { Tensors } from "../../core/src/graph/tensor.ts";
import { f32 } from "../../core/src/graph/tensor.ts";
import { gaussian, seededRng } from "../../core/src/platform/random.ts";

/** A window of the demonstration: three axes, 200 samples. */
export const windowShape = [3, 200] as const;

/** The size of network that a gateway serves: three convolutions over a window, four classes. */
export function gatewayCnn(): Graph {
  const b = graphBuilder("gateway-cnn");
  const rng = seededRng(2);
  const weight = (name: string, ...shape: number[]): string => {
    const fanIn = shape.slice(1).reduce((a, c) => a * c, 1);
    const spread = Math.sqrt(2 / fanIn);
    const size = shape.reduce((a, c) => a * c, 1);
    return b.initializer(
      name,
      f32(
        Float32Array.from({ length: size }, () => spread * gaussian(rng)),
        shape,
      ),
    );
  };
  let value = b.input({ name: "features", dtype: "float32", shape: ["N", 3, 200] });
  const layers = [
    { from: 3, to: 16, kernel: 9 },
    { from: 16, to: 32, kernel: 5 },
    { from: 32, to: 32, kernel: 5 },
  ];
  for (const [at, { from, to, kernel }] of layers.entries()) {
    const inputs = [
      value,
      weight(`conv${at}.weight`, to, from, kernel),
      weight(`conv${at}.bias`, to),
    ];
    const pad = kernel >> 1;
    const attributes = { strides: ints([2]), pads: ints([pad, pad]), kernel_shape: ints([kernel]) };
    value = b.add("Relu", [b.add("Conv", inputs, { attributes })]);
  }
  const flat = b.add("Flatten", [value]);
  b.add("Gemm", [flat, weight("head.weight", 4, 32 * 25), weight("head.bias", 4)], {
    attributes: { transB: int(1) },
    outputs: ["logits"],
  });
  b.output({ name: "logits", dtype: "float32", shape: ["N", 4] });
  return b.build();
}

/** Next to no arithmetic: what remains is the cost of a call. */
export function trivialModel(): Graph {
  const b = graphBuilder("trivial");
  b.input({ name: "features", dtype: "float32", shape: ["N", 3, 200] });
  b.add("Identity", ["features"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 3, 200] });
  return b.build();
}

/** Realistic, not constant, data: kernels are faster on constants. */
export function windows(count: number, seed = 1): Tensors {
  const rng = seededRng(seed);
  const [channels, length] = windowShape;
  const data = Float32Array.from({ length: count * channels * length }, () => gaussian(rng));
  return { features: f32(data, [count, channels, length]) };
}
