import { expect, test } from "vitest";
import {
  activityCnn,
  keywordCnn,
  mobileCnn,
  perceptron,
  residualCnn,
} from "../../../test/bench/engine-models.ts";
import { randomNetwork } from "../../../test/random-network.ts";
import { run } from "../../../test/reference/interpreter.ts";
import {
  differenceTo,
  engines,
  exportAgrees,
  fixedCase,
  operatorsOf,
  runTflite,
} from "../../../test/tflite-oracle.ts";
import { graphBuilder, int, ints, text } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { DType, Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar, sizeOf } from "../graph/tensor.ts";
import { hasCode } from "../platform/errors.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { calibrate } from "../quantize/calibrate.ts";
import { quantize } from "../quantize/quantize.ts";
import { openSession } from "../runtime/node/open.ts";
import { randomFeeds } from "../runtime/random-feeds.ts";
import { decodeTflite } from "./decode.ts";
import { encodeTflite } from "./encode.ts";
import { fromTflite } from "./from-tflite.ts";
import { toTflite } from "./to-tflite.ts";

const networks = {
  activityCnn,
  perceptron,
  keywordCnn,
  residualCnn: () => residualCnn(),
  mobileCnn,
};

function feedsFor(graph: Graph, seed: number): Tensors {
  const rng = seededRng(seed);
  const shape = (graph.inputs[0]?.shape ?? []).map((dim) => (typeof dim === "string" ? 1 : dim));
  const data = Float32Array.from({ length: sizeOf(shape) }, () => gaussian(rng));
  return { [graph.inputs[0]?.name ?? ""]: f32(data, shape) };
}

const numbers = (tensor: Tensor | undefined): readonly number[] =>
  Array.from<unknown, number>(tensor?.data ?? [], Number);

/** What onnxruntime gives. */
async function expected(graph: Graph, feeds: Tensors): Promise<Tensors> {
  const session = await openSession(graph, { backend: "wasm" });
  const results = await session.run(feeds);
  await session.dispose();
  return results;
}

async function int8Of(
  graph: Graph,
  options: { readonly whole?: boolean; readonly activations?: "int8" },
): Promise<Graph> {
  const open = (part: Graph) => openSession(part, { backend: "wasm" });
  const data = { open, batches: [1, 2].map((seed) => feedsFor(graph, seed)) };
  return quantize(graph, await calibrate(graph, data, { method: "minmax", ...options }), options);
}

test.for(Object.entries(networks))(
  "%s in float is the same network on both engines",
  async ([, network]) => {
    const graph = network();
    const feeds = feedsFor(graph, 7);
    const wanted = await expected(graph, feeds);
    for (const engine of engines) {
      expect(differenceTo(wanted, await runTflite(toTflite(graph), engine, feeds))).toBeLessThan(
        1e-4,
      );
    }
  },
);

test.for(Object.entries(networks))(
  "%s in int8 is within one step for nearly all outputs",
  async ([, network]) => {
    const int8 = await int8Of(network(), { whole: true });
    const model = toTflite(int8);
    const scale = Number(
      [...int8.initializers].findLast(([name]) => name === "logits.scale")?.[1].data[0],
    );
    let [outputs, within] = [0, 0];
    for (const seed of [11, 12, 13]) {
      const feeds = feedsFor(int8, seed);
      const { logits } = await expected(int8, feeds);
      for (const engine of engines) {
        const made = await runTflite(model, engine, feeds);
        for (const [at, value] of numbers(logits).entries()) {
          outputs += 1;
          within += Number(Math.abs(Number(made["logits"]?.data[at]) - value) <= 1.001 * scale);
        }
      }
    }
    expect(scale).toBeGreaterThan(0);
    expect(within / outputs).toBeGreaterThanOrEqual(0.99);
  },
);

test("int8 between QuantizeLinear and DequantizeLinear is int8 throughout, with weights a scale a channel", async () => {
  for (const options of [{ whole: true }, { whole: true, activations: "int8" }] as const) {
    const model = toTflite(await int8Of(keywordCnn(), options));
    const [graph] = model.subgraphs;
    const conv = graph?.operators.find(({ op }) => op === "DEPTHWISE_CONV_2D");
    const [, weight = 0, bias = 0] = conv?.inputs ?? [];
    expect(conv?.version).toBe(3);
    expect(graph?.tensors[weight]).toMatchObject({ type: "int8", shape: [1, 3, 3, 64] });
    expect(graph?.tensors[weight]?.quantization).toMatchObject({ axis: 3 });
    expect(graph?.tensors[weight]?.quantization?.scales).toHaveLength(64);
    expect(graph?.tensors[bias]).toMatchObject({ type: "int32", shape: [64] });
    const operators = operatorsOf(model);
    expect([operators[0], operators.at(-1)]).toEqual(["QUANTIZE", "DEQUANTIZE"]);
    expect(operators.filter((op) => op === "QUANTIZE")).toHaveLength(1);
    expect(operators.filter((op) => op === "TRANSPOSE")).toHaveLength(0);
  }
});

/** A quantized value: integers by scale and zero point, and back. */
function pairs(b: ReturnType<typeof graphBuilder>, dtype: "uint8" | "int8" = "uint8") {
  return (value: string, scale: number, zero: number): string => {
    const data = dtype === "uint8" ? Uint8Array.of(zero) : Int8Array.of(zero);
    const names = [b.constant(scalar(scale)), b.constant({ dtype, shape: [], data } as Tensor)];
    return b.add("DequantizeLinear", [b.add("QuantizeLinear", [value, ...names]), ...names]);
  };
}

test.for<readonly [string, number, number, number]>([
  // Operator, and scale and zero point of what the graph wants of it: not the operator's own.
  ["Sigmoid", 1 / 200, 10, 0],
  ["Tanh", 1 / 100, 120, 0],
  ["Softmax", 1 / 255, 0, 0],
  ["Relu", 0.02, 5, 0],
  ["LeakyRelu", 0.03, 60, 0],
  ["HardSwish", 0.03, 30, 0],
  ["MaxPool", 0.05, 100, 4],
  ["AveragePool", 0.03, 120, 4],
  ["GlobalAveragePool", 0.01, 128, 4],
  ["Transpose", 0.05, 100, 0],
])("int8 %s of scales of its own is within a step of the graph's", async ([op, scale, zero]) => {
  const isPool = op.endsWith("Pool") && !op.startsWith("Global");
  const b = graphBuilder(op);
  const shape = [1, 3, 4, 6];
  b.input({ name: "x", dtype: "float32", shape });
  const pair = pairs(b);
  const x = pair("x", 0.03, 128);
  const attributes = isPool ? { kernel_shape: ints([2, 2]), strides: ints([2, 2]) } : {};
  const y = b.add(op, [x], { attributes });
  b.add("Identity", [pair(y, scale, zero)], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  const graph = b.build();
  const model = toTflite(graph);
  expect(operatorsOf(model).filter((each) => each === "DEQUANTIZE")).toHaveLength(1);
  const feeds = feedsFor(graph, 3);
  const { y: wanted } = await expected(graph, feeds);
  for (const engine of engines) {
    const { y: made } = await runTflite(model, engine, feeds);
    const steps = numbers(wanted).map((value, at) =>
      Math.round(Math.abs(Number(made?.data[at]) - value) / scale),
    );
    expect(steps).toHaveLength(sizeOf(wanted?.shape ?? []));
    expect(Math.max(...steps), engine).toBeLessThanOrEqual(1);
  }
});

test("sums, products and joins of integers of different scales", async () => {
  const b = graphBuilder("arithmetic");
  const shape = [1, 2, 3, 3];
  b.input({ name: "x", dtype: "float32", shape });
  const pair = pairs(b, "int8");
  const [one, two] = [pair("x", 0.02, 3), pair("x", 0.03, -7)];
  const sum = pair(b.add("Add", [one, two]), 0.05, 0);
  const difference = pair(b.add("Sub", [one, sum]), 0.04, 9);
  const product = pair(b.add("Mul", [difference, two]), 0.06, 0);
  const joined = b.add("Concat", [sum, product], { attributes: { axis: int(1) } });
  b.add("Identity", [pair(joined, 0.06, 0)], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  const graph = b.build();
  const model = toTflite(graph);
  expect(operatorsOf(model).filter((op) => op === "DEQUANTIZE")).toHaveLength(1);
  const feeds = feedsFor(graph, 5);
  const { y: wanted } = await expected(graph, feeds);
  for (const engine of engines) {
    const { y } = await runTflite(model, engine, feeds);
    for (const [at, value] of numbers(wanted).entries()) {
      expect(Math.abs(Number(y?.data[at]) - value)).toBeLessThan(0.061);
    }
  }
});

test.for<readonly ["uint8" | "int8"]>([["uint8"], ["int8"]])(
  "inputs and outputs of %s stay what they are",
  async ([dtype]) => {
    const b = graphBuilder("integers");
    b.input({ name: "x", dtype, shape: [1, 4] });
    const zero = dtype === "uint8" ? Uint8Array.of(100) : Int8Array.of(-20);
    const names = [b.constant(scalar(0.5)), b.constant({ dtype, shape: [], data: zero } as Tensor)];
    const float = b.add("DequantizeLinear", ["x", ...names]);
    b.add("QuantizeLinear", [b.add("Relu", [float]), ...names], { outputs: ["y"] });
    b.output({ name: "y", dtype });
    const graph = b.build();
    const data =
      dtype === "uint8" ? Uint8Array.of(0, 99, 101, 255) : Int8Array.of(-128, -21, -19, 127);
    const feeds = { x: { dtype, shape: [1, 4], data } as Tensor };
    const wanted = await expected(graph, feeds);
    for (const engine of engines)
      expect(await runTflite(toTflite(graph), engine, feeds)).toEqual(wanted);
  },
);

test("weights alone in integers become floats: kernels for them differ from runtime to runtime", async () => {
  const b = graphBuilder("weights");
  b.input({ name: "x", dtype: "float32", shape: [1, 2] });
  const integers = b.constant({ dtype: "int8", shape: [2, 2], data: Int8Array.of(1, 2, 3, 4) });
  const weights = b.add("DequantizeLinear", [integers, b.constant(f32([1, 0.5]))], {
    attributes: { axis: int(1) },
  });
  b.add("MatMul", ["x", weights], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  for (const engine of engines) {
    const { y } = await runTflite(toTflite(b.build()), engine, { x: f32([1, 10], [1, 2]) });
    expect(y).toEqual(f32([31, 21], [1, 2]));
  }
});

test("names and shapes of inputs and outputs are the graph's, also where one is the other", async () => {
  const b = graphBuilder("same");
  b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  b.add("Identity", ["x"], { outputs: ["y"] });
  b.add("Relu", ["x"], { outputs: ["z"] });
  b.add("Identity", ["z"], { outputs: ["z again"] });
  for (const name of ["y", "z", "z again"]) b.output({ name, dtype: "float32" });
  const model = toTflite(b.build(), { batch: 3 });
  const x = f32([-1, 2, -3, 4, -5, 6], [3, 2]);
  const z = f32([0, 2, 0, 4, 0, 6], [3, 2]);
  for (const engine of engines) {
    expect(await runTflite(model, engine, { x })).toEqual({ y: x, z, "z again": z });
  }
});

exportAgrees(["RNN", "GRU", "GRU linear before reset", "LSTM", "LSTM peepholes"], 2);

type Refused = {
  readonly why: string;
  readonly shape?: readonly number[];
  readonly dtype?: DType;
  readonly build: (b: ReturnType<typeof graphBuilder>) => string;
};

test.for<Refused>([
  { why: "no operator corresponds to it", build: (b) => b.add("Erf", ["x"]) },
  {
    why: "the weights must be constant",
    build: (b) => b.add("Conv", ["x", "x"]),
    shape: [1, 1, 1, 1],
  },
  {
    why: "transA has no operator",
    build: (b) =>
      b.add("Gemm", ["x", b.constant(f32([1], [1, 1]))], { attributes: { transA: int(1) } }),
    shape: [1, 1],
  },
  { why: "the slopes must be constant", build: (b) => b.add("PRelu", ["x", "x"]), shape: [1, 2] },
  {
    why: "pooling has no dilations",
    build: (b) =>
      b.add("MaxPool", ["x"], { attributes: { kernel_shape: ints([2]), dilations: ints([2]) } }),
    shape: [1, 1, 5],
  },
  {
    why: "a transposed convolution has one group",
    build: (b) =>
      b.add("ConvTranspose", ["x", b.constant(f32([1, 1], [2, 1, 1]))], {
        attributes: { group: int(2) },
      }),
    shape: [1, 2, 3],
  },
  {
    why: "padding by edge has no operator",
    build: (b) =>
      b.add("Pad", ["x", b.constant(i64([1, 1]))], { attributes: { mode: text("edge") } }),
  },
  { why: "a negative pad is a Slice", build: (b) => b.add("Pad", ["x", b.constant(i64([-1, 0]))]) },
  {
    why: "mode CRD has no operator",
    build: (b) =>
      b.add("DepthToSpace", ["x"], { attributes: { blocksize: int(2), mode: text("CRD") } }),
    shape: [1, 4, 1, 1],
  },
  {
    why: "it is in training mode",
    build: (b) => {
      const one = (): string => b.constant(f32([1]));
      return b.add("BatchNormalization", ["x", one(), one(), one(), one()], {
        attributes: { training_mode: int(1) },
      });
    },
    shape: [2, 1, 3],
  },
  {
    why: "activations need one constant scale and 8-bit integers",
    build: (b) => {
      const wide = b.constant({ dtype: "int16", shape: [], data: Int16Array.of(0) });
      return b.add("QuantizeLinear", ["x", b.constant(scalar(1)), wide]);
    },
    dtype: "int16",
  },
  {
    why: "kernels over three axes have no operator",
    build: (b) => b.add("Conv", ["x", b.constant(f32([1], [1, 1, 1, 1, 1]))]),
    shape: [1, 1, 2, 2, 2],
  },
  {
    why: "a transposed convolution has no dilations",
    build: (b) =>
      b.add("ConvTranspose", ["x", b.constant(f32([1, 1], [1, 1, 2]))], {
        attributes: { dilations: ints([2]) },
      }),
    shape: [1, 1, 3],
  },
  {
    why: "pads must be explicit, not auto_pad or output_shape",
    build: (b) =>
      b.add("ConvTranspose", ["x", b.constant(f32([1, 1], [1, 1, 2]))], {
        attributes: { auto_pad: text("SAME_UPPER"), strides: ints([2]) },
      }),
    shape: [1, 1, 3],
  },
  {
    why: "pooling does not tell indices",
    build: (b) =>
      b.addMany("MaxPool", ["x"], 2, { attributes: { kernel_shape: ints([2]) } })[0] ?? "",
    shape: [1, 1, 4],
  },
  {
    why: "three spatial axes have no layout",
    build: (b) => b.add("GlobalAveragePool", ["x"]),
    shape: [1, 1, 2, 2, 2],
  },
  {
    why: "a product of a vector has no operator",
    build: (b) => b.add("MatMul", ["x", b.add("Relu", ["x"])]),
  },
  {
    why: "a bias must be one for each output",
    build: (b) =>
      b.add("Gemm", ["x", b.constant(f32([1, 2], [1, 2])), b.constant(f32([1, 2, 3, 4], [2, 2]))]),
    shape: [2, 1],
  },
  {
    why: "bounds must be constant",
    build: (b) =>
      b.add("Clip", ["x", b.add("ReduceMax", ["x"], { attributes: { keepdims: int(0) } })]),
  },
  {
    why: "slopes must not differ between examples",
    build: (b) => b.add("PRelu", ["x", b.constant(f32([1, 2], [2, 1]))]),
    shape: [2, 1],
  },
  {
    why: "one operand alone needs no operator",
    build: (b) => b.add("Max", ["x"]),
  },
  {
    why: "a reduction of nothing is an Identity",
    build: (b) => b.add("ReduceSum", ["x"], { attributes: { noop_with_empty_axes: int(1) } }),
  },
  {
    why: "the first of equals is taken, not the last",
    build: (b) => b.add("ArgMax", ["x"], { attributes: { select_last_index: int(1) } }),
    dtype: "int64",
  },
  {
    why: "only positions of [N, C, W] and [N, C, H, W] are resized",
    build: (b) => b.add("Resize", ["x", "", "", b.constant(i64([4]))]),
  },
  {
    why: "scales must be the ratio of whole sizes",
    build: (b) => b.add("Resize", ["x", "", b.constant(f32([1, 1, 1.4]))]),
    shape: [1, 1, 3],
  },
  {
    why: "the input must be [N, C, W] or [N, C, H, W]",
    build: (b) => {
      const one = (): string => b.constant(f32([1]));
      return b.add("InstanceNormalization", ["x", one(), one()]);
    },
    shape: [1, 1, 2, 2, 2],
  },
  {
    why: "mean and deviation are not told",
    build: (b) => b.addMany("LayerNormalization", ["x", b.constant(f32([1, 1]))], 2)[0] ?? "",
  },
])("$why", ({ why, shape = [2], dtype = "float32", build }) => {
  const b = graphBuilder("refused");
  b.input({ name: "x", dtype: "float32", shape });
  b.output({ name: build(b), dtype });
  expect(() => toTflite(b.build())).toThrow(
    expect.objectContaining({
      code: "TFLITE_UNSUPPORTED",
      message: expect.stringContaining(why),
      details: expect.objectContaining({ reason: why }),
    }),
  );
});

/** Operators whose random cases go through both ways; between them they use every rule. */
const bothWays = [
  ...[
    "Add",
    "Clip",
    "PRelu",
    "LeakyRelu",
    "Mish",
    "Where",
    "Gelu",
    "Softmax",
    "LogSoftmax",
    "Cast",
  ],
  ...[
    "ReduceMean",
    "ReduceL2",
    "GroupNormalization",
    "LayerNormalization",
    "CumSum",
    "LSTM",
    "GRU",
  ],
  ...[
    "Conv",
    "Conv depthwise",
    "Conv wide",
    "ConvTranspose",
    "MaxPool",
    "AveragePool",
    "GlobalMaxPool",
  ],
  ...[
    "MatMul",
    "Gemm",
    "Concat",
    "Split",
    "Slice",
    "Pad",
    "Pad reflect",
    "Transpose",
    "Gather",
    "Expand",
  ],
  ...["Tile", "DepthToSpace", "Resize linear"],
];

test.for(bothWays)("%s written as .tflite and read again is the same function", async (name) => {
  let compared = 0;
  for (let seed = 0; seed < 5; seed += 1) {
    const { graph, feeds } = fixedCase(name, seed);
    const model = convertible(() => toTflite(graph));
    if (model === undefined) continue;
    const back = fromTflite(decodeTflite(encodeTflite(model)));
    const wanted = run(graph, feeds) as Tensors;
    expect(differenceTo(wanted, await expected(back, feeds)), `seed ${seed}`).toBeLessThan(1e-4);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(0);
});

/** Some attributes that a case draws have no operator; which ones is tested above. */
function convertible<T>(convert: () => T): T | undefined {
  try {
    return convert();
  } catch (error) {
    if (hasCode(error, "TFLITE_UNSUPPORTED")) return undefined;
    throw error;
  }
}

test.for(Object.entries(networks))(
  "%s both ways is the same network, in float and in int8",
  async ([, network]) => {
    const graph = network();
    const int8 = await int8Of(graph, { whole: true });
    const feeds = feedsFor(graph, 21);
    const again = (original: Graph): Graph =>
      fromTflite(decodeTflite(encodeTflite(toTflite(original))));
    expect(
      differenceTo(await expected(graph, feeds), await expected(again(graph), feeds)),
    ).toBeLessThan(1e-5);
    // The same integers by the same scales.
    expect(await expected(again(int8), feeds)).toEqual(await expected(int8, feeds));
  },
);

const chance = (seed: number, count = 3): readonly Tensors[] => {
  const rng = seededRng(seed);
  return Array.from({ length: count }, () => randomFeeds(randomNetwork(seed).inputs, { rng }));
};

test("random networks are the same function on both engines, and read again", async () => {
  for (let seed = 0; seed < 24; seed += 1) {
    const graph = randomNetwork(seed);
    const [feeds = {}] = chance(seed);
    const wanted = run(graph, feeds) as Tensors;
    const model = toTflite(graph);
    for (const engine of engines) {
      const difference = differenceTo(wanted, await runTflite(model, engine, feeds));
      expect(difference, `seed ${seed}, ${engine}`).toBeLessThan(1e-4);
    }
    const back = fromTflite(decodeTflite(encodeTflite(model)));
    expect(differenceTo(wanted, await expected(back, feeds)), `seed ${seed}`).toBeLessThan(1e-4);
  }
});

test("random networks in int8 are within a step for nearly all outputs", async () => {
  let [outputs, within] = [0, 0];
  for (let seed = 0; seed < 16; seed += 1) {
    const graph = randomNetwork(seed);
    const batches = chance(seed);
    const open = (part: Graph) => openSession(part, { backend: "wasm" });
    const options = { whole: true } as const;
    const ranges = await calibrate(graph, { batches, open }, { method: "minmax", ...options });
    const int8 = quantize(graph, ranges, options);
    const [feeds = {}] = batches;
    const wanted = numbers((await expected(int8, feeds))["y"]);
    // At most 255 steps reach over the range, of which the outputs' largest number is a part.
    const step = Math.max(...wanted.map(Math.abs)) / 100;
    for (const engine of engines) {
      const made = numbers((await runTflite(toTflite(int8), engine, feeds))["y"]);
      expect(made).toHaveLength(wanted.length);
      outputs += wanted.length;
      within += wanted.filter((value, at) => Math.abs(value - (made[at] ?? NaN)) <= step).length;
    }
  }
  expect(within / outputs).toBeGreaterThanOrEqual(0.99);
});
