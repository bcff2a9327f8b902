// onnxruntime's WebGPU kernel for convolutions is wrong for some numbers of channels (microsoft/onnxruntime#29651): what
// is run is padded, and compared with wasm.
import { expect, test } from "vitest";
import { graphBuilder, ints, text } from "../../core/src/graph/builder.ts";
import type { Graph } from "../../core/src/graph/graph.ts";
import { f32 } from "../../core/src/graph/tensor.ts";
import { gaussian, seededRng } from "../../core/src/platform/random.ts";
import { largestDifference } from "../../core/src/runtime/difference.ts";
import { openSession } from "../../core/src/runtime/node/open.ts";
import { probeGpu } from "../../core/src/runtime/node/webgpu-device.ts";

const probe = await probeGpu();
const isMissing = probe.kind === "unavailable";
const why = probe.kind === "unavailable" ? `: ${probe.reason}` : "";

const rng = seededRng(4);
const noise = (...shape: number[]): ReturnType<typeof f32> =>
  f32(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => gaussian(rng)),
    shape,
  );

type Case = {
  readonly from: number;
  readonly to: number;
  readonly space: readonly number[];
  readonly auto?: string;
};

function convolution({ from, to, space, auto }: Case): Graph {
  const b = graphBuilder("convolution");
  const kernel = space.map(() => 3);
  b.input({ name: "x", dtype: "float32", shape: ["N", from, ...space] });
  const inputs = [
    "x",
    b.initializer("w", noise(to, from, ...kernel)),
    b.initializer("b", noise(to)),
  ];
  const stride = { strides: ints(space.map(() => 2)) };
  const attributes = {
    kernel_shape: ints(kernel),
    ...(auto === undefined ? { pads: ints([...space, ...space].map(() => 1)) } : stride),
    ...(auto === undefined ? {} : { auto_pad: text(auto) }),
  };
  b.add("Conv", inputs, { attributes, outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", to, ...space.map((_, at) => `s${at}`)] });
  return b.build();
}

// Few, because SwiftShader takes seconds to compile a convolution.
const cases: readonly Case[] = [
  { from: 6, to: 8, space: [24] },
  { from: 9, to: 4, space: [7, 6] },
  { from: 4, to: 8, space: [25], auto: "SAME_UPPER" },
];

test.skipIf(isMissing).for(cases)(
  `a convolution of $from to $to channels over $space $auto is wasm's${why}`,
  async (one) => {
    const graph = convolution(one);
    const feeds = { x: noise(2, one.from, ...one.space) };
    const [gpu, wasm] = [
      await openSession(graph, { backend: "webgpu" }),
      await openSession(graph, { backend: "wasm" }),
    ];
    const difference = largestDifference(await wasm.run(feeds), await gpu.run(feeds));
    await gpu.dispose();
    await wasm.dispose();
    expect(difference).toBeLessThan(1e-5);
  },
);
