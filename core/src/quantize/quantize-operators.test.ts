import { expect, test } from "vitest";
import { run } from "../../../test/reference/index.ts";
import { engines, runGraph } from "../../../test/run-graph.ts";
import type { GraphBuilder, NodeOptions } from "../graph/builder.ts";
import { float, graphBuilder, int, ints, text } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, i64 } from "../graph/tensor.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import type { QuantizationOptions } from "./observe.ts";
import { observe } from "./observe.ts";
import { quantize } from "./quantize.ts";
import { signalToNoiseDb } from "./signal-to-noise.ts";

const rng = seededRng(5);
const random = (...shape: number[]): Tensor =>
  f32(
    Float32Array.from({ length: shape.reduce((n, dim) => n * dim, 1) }, () => gaussian(rng)),
    shape,
  );

/** What stands between two convolutions: a value [1, 4, 6, 6] in, one of four channels or a list out. */
type Middle = (b: GraphBuilder, x: string) => string;
const one =
  (op: string, more: (b: GraphBuilder) => readonly string[] = () => [], options?: NodeOptions) =>
  (b: GraphBuilder, x: string): string =>
    b.add(op, [x, ...more(b)], options);
const attributes = (given: NodeOptions["attributes"]): NodeOptions =>
  given === undefined ? {} : { attributes: given };

const middles: Readonly<Record<string, Middle>> = {
  Conv: one("Conv", (b) => [b.constant(random(4, 4, 3, 3)), b.constant(random(4))]),
  "depthwise Conv": one(
    "Conv",
    (b) => [b.constant(random(4, 1, 3, 3)), b.constant(random(4))],
    attributes({ group: int(4), pads: ints([1, 1, 1, 1]) }),
  ),
  ConvTranspose: one("ConvTranspose", (b) => [
    b.constant(random(4, 4, 2, 2)),
    b.constant(random(4)),
  ]),
  Relu: one("Relu"),
  Clip: one("Clip", (b) => [b.constant(f32([-1], [])), b.constant(f32([2], []))]),
  MaxPool: one("MaxPool", undefined, attributes({ kernel_shape: ints([2, 2]) })),
  AveragePool: one("AveragePool", undefined, attributes({ kernel_shape: ints([2, 2]) })),
  GlobalAveragePool: one("GlobalAveragePool"),
  LeakyRelu: one("LeakyRelu", undefined, attributes({ alpha: float(0.1) })),
  Sigmoid: one("Sigmoid"),
  Softmax: one("Softmax", undefined, attributes({ axis: int(1) })),
  Tanh: one("Tanh"),
  HardSwish: one("HardSwish"),
  HardSigmoid: one("HardSigmoid"),
  Elu: one("Elu"),
  PRelu: one("PRelu", (b) => [b.constant(random(4, 1, 1))]),
  ReduceMean: one("ReduceMean", (b) => [b.constant(i64([2, 3]))]),
  Add: (b, x) => b.add("Add", [x, b.add("Relu", [x])]),
  Sub: (b, x) => b.add("Sub", [x, b.add("Relu", [x])]),
  Mul: (b, x) => b.add("Mul", [x, b.add("Sigmoid", [x])]),
  MatMul: (b, x) =>
    b.add("MatMul", [x, b.add("Transpose", [x], attributes({ perm: ints([0, 1, 3, 2]) }))]),
  Reshape: one("Reshape", (b) => [b.constant(i64([1, 4, 4, 9]))]),
  Transpose: one("Transpose", undefined, attributes({ perm: ints([0, 1, 3, 2]) })),
  Unsqueeze: (b, x) =>
    b.add("Squeeze", [b.add("Unsqueeze", [x, b.constant(i64([0]))]), b.constant(i64([0]))]),
  Slice: one("Slice", (b) => [[1], [5], [2], [2]].map((values) => b.constant(i64(values)))),
  Gather: one("Gather", (b) => [b.constant(i64([3, 1, 1, 0]))], attributes({ axis: int(1) })),
  Pad: one("Pad", (b) => [b.constant(i64([0, 0, 1, 1, 0, 0, 1, 1]))]),
  "Pad by reflection": one(
    "Pad",
    (b) => [b.constant(i64([0, 0, 1, 1, 0, 0, 1, 1]))],
    attributes({ mode: text("reflect") }),
  ),
  "Resize to the nearest": one("Resize", (b) => ["", b.constant(f32([1, 1, 2, 2]))], {
    attributes: { mode: text("nearest"), coordinate_transformation_mode: text("asymmetric") },
  }),
  "Resize between": one("Resize", (b) => ["", b.constant(f32([1, 1, 2, 2]))], {
    attributes: { mode: text("linear") },
  }),
  Split: (b, x) =>
    b.add(
      "Concat",
      b.addMany("Split", [x], 2, attributes({ axis: int(1), num_outputs: int(2) })).toReversed(),
      attributes({ axis: int(1) }),
    ),
  DepthToSpace: (b, x) =>
    b.add(
      "SpaceToDepth",
      [b.add("DepthToSpace", [x], attributes({ blocksize: int(2) }))],
      attributes({ blocksize: int(2) }),
    ),
  Tile: one("Tile", (b) => [b.constant(i64([1, 1, 2, 1]))]),
  Expand: one("Expand", (b) => [b.constant(i64([1, 4, 6, 6]))]),
};

function graphOf(middle: Middle): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 3, 6, 6] });
  const first = b.add("Conv", [x, b.initializer("w1", random(4, 3, 1, 1))], { outputs: ["first"] });
  const inside = middle(b, first);
  const last = b.add("Conv", [inside, b.initializer("w2", random(4, 4, 1, 1))]);
  const flat = b.add("Flatten", [b.add("GlobalAveragePool", [last])]);
  const gemm = b.add("Gemm", [
    flat,
    b.initializer("w3", random(4, 3)),
    b.initializer("b3", random(3)),
  ]);
  b.add("Identity", [gemm], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  b.output({ name: last, dtype: "float32" });
  return b.build();
}

const sample = random(1, 3, 6, 6);
const floats = (tensor: Tensor | undefined): Float32Array =>
  Float32Array.from(tensor?.data as Float32Array);

const variants: Readonly<Record<string, QuantizationOptions>> = {
  uint8: {},
  "uint8 throughout": { whole: true },
  "symmetric int8 throughout": { whole: true, activations: "int8", symmetric: true },
};

const cases = Object.entries(middles).flatMap(([name, middle]) =>
  Object.entries(variants).map(([variant, options]) => ({
    ...{ name, variant, options, graph: graphOf(middle) },
  })),
);

// The reference is the float64 interpreter on the same graph, an operator at a time; an engine's fused kernels may
// round a tie, or a product of rounded scales, to the neighbouring integer.
test.for(cases)(
  "$name, $variant: integer kernels give what the graph says",
  async ({ graph, options }) => {
    const { graph: watched, observed } = observe(graph, options);
    const seen = run(watched, { x: sample }, observed);
    const ranges = Object.fromEntries(
      observed.map((name) => {
        const values = floats(seen[name]);
        return [name, { min: Math.min(...values), max: Math.max(...values) }];
      }),
    );
    const int8 = quantize(graph, ranges, options);
    const exact = run(graph, { x: sample });
    const expected = run(int8, { x: sample });
    for (const [, engine] of engines) {
      const found = await runGraph(int8, { x: sample }, engine);
      for (const { name } of graph.outputs) {
        expect(signalToNoiseDb(floats(expected[name]), floats(found[name]))).toBeGreaterThan(35);
        expect(signalToNoiseDb(floats(exact[name]), floats(found[name]))).toBeGreaterThan(18);
      }
    }
  },
);

test("with everything in integers, what is between inputs and outputs is", () => {
  const { graph: watched, observed } = observe(graphOf(middles["Tanh"] ?? one("Relu")), {
    whole: true,
  });
  const seen = run(watched, { x: sample }, observed);
  const ranges = Object.fromEntries(
    observed.map((name) => [name, { min: Math.min(...floats(seen[name])), max: 3 }]),
  );
  const int8 = quantize(graphOf(middles["Tanh"] ?? one("Relu")), ranges, { whole: true });
  const makers = new Map(int8.nodes.flatMap((node) => node.outputs.map((name) => [name, node.op])));
  const odd = int8.nodes
    .filter(({ op }) => op !== "QuantizeLinear" && op !== "DequantizeLinear")
    .flatMap(({ inputs }) => inputs.slice(0, 1))
    .filter((name) => makers.get(name) !== "DequantizeLinear");
  expect(odd).toEqual([]);
});
