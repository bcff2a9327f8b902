import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { engines, native, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int, ints } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, sizeOf } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { quantizeDynamic } from "./dynamic.ts";
import { signalToNoiseDb } from "./signal-to-noise.ts";

const rng = seededRng(13);
const random = (...shape: number[]): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, () => gaussian(rng)),
    shape,
  );

/** Convolutions with padding, stride, groups; products with a bias and without. */
function network(): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 4, 9, 9] });
  const c = b.add(
    "Conv",
    [x, b.initializer("w1", random(8, 4, 3, 3)), b.initializer("b1", random(8))],
    {
      attributes: { pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) },
    },
  );
  const r = b.add("Relu", [c]);
  const d = b.add("Conv", [r, b.initializer("w2", random(8, 1, 3, 3))], {
    attributes: { group: int(8), pads: ints([1, 1, 1, 1]) },
  });
  const e = b.add("Add", [d, b.add("Conv", [r, b.initializer("w3", random(8, 8, 1, 1))])]);
  const g = b.add(
    "Gemm",
    [b.add("Flatten", [e]), b.initializer("w4", random(6, 200)), b.initializer("b4", random(6))],
    {
      attributes: { transB: int(1) },
    },
  );
  b.add("MatMul", [g, b.initializer("w5", random(6, 5))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

test.for(engines)(
  "integers with a scale of the moment are near floats, on %s",
  async ([, engine]) => {
    const [graph, x] = [network(), random(3, 4, 9, 9)];
    const dynamic = quantizeDynamic(graph);
    validate(dynamic);
    const [exact, found] = [
      await runGraph(graph, { x }, engine),
      await runGraph(dynamic, { x }, engine),
    ];
    const noise = signalToNoiseDb(
      exact["y"]?.data as Float32Array,
      found["y"]?.data as Float32Array,
    );
    expect(noise).toBeGreaterThan(30);
    const { initializers } = dynamic;
    expect([...initializers.values()].filter(({ dtype }) => dtype === "int8")).toHaveLength(5);
    expect(["w1", "w4", "b4"].filter((name) => initializers.has(name))).toEqual([]);
  },
);

test("two that read one value share its rounding", () => {
  const ops = quantizeDynamic(network()).nodes.map(({ op }) => op);
  expect(ops.filter((op) => op === "DynamicQuantizeLinear")).toHaveLength(4);
});

test.skipIf(native === undefined)(
  "a convolution over time runs too, and what is excluded stays",
  async () => {
    const cnn = decodeOnnx(
      readFileSync(new URL("../../../test/fixtures/graph/cnn.onnx", import.meta.url)),
    );
    const x = random(2, 3, 32);
    const exact = await runGraph(cnn, { x });
    const found = await runGraph(quantizeDynamic(cnn), { x });
    const noise = signalToNoiseDb(
      exact["logits"]?.data as Float32Array,
      found["logits"]?.data as Float32Array,
    );
    expect(noise).toBeGreaterThan(25);
    const kept = quantizeDynamic(cnn, { exclude: cnn.nodes.map(({ name }) => name) });
    expect(kept.nodes.some(({ op }) => op.endsWith("Integer"))).toBe(false);
  },
);
