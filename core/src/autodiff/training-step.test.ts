import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { openOnnx, runtimes } from "../../../test/reference/onnxruntime.ts";
import { graphBuilder, int, ints } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { encodeOnnx } from "../graph/onnx-write.ts";
import type { Tensor, TensorOf, Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar, sizeOf } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { softmaxCrossEntropy } from "./losses/cross-entropy.ts";
import { meanSquared, reconstruction } from "./losses/elementwise.ts";
import type { Loss } from "./losses/loss.ts";
import { microBatching } from "./micro-batches.ts";
import { adam, adamW } from "./optimizers/adam.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { sgd } from "./optimizers/sgd.ts";
import type { TrainingStep } from "./training-step.ts";
import { trainingStep } from "./training-step.ts";

type Run = {
  readonly losses: number[];
  readonly fcWeight: number[];
  readonly runningMean: number[];
};
const fixture = JSON.parse(
  readFileSync(
    new URL("../../../test/reference/fixtures/pytorch-training.json", import.meta.url),
    "utf8",
  ),
) as Readonly<Record<"sgd" | "sgdMomentum" | "adam" | "adamw", Run>>;

/** The fixture's formula: pseudo-random numbers that every language computes alike. */
function fill(
  shape: readonly number[],
  [mul, add, mod]: readonly [number, number, number],
  scale: number,
  centre = 0,
): TensorOf<"float32"> {
  const at = (i: number): number => (((i * mul + add) % mod) / mod - 0.5) * 2 * scale;
  return f32(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(at(i)) + centre),
    shape,
  );
}

const targets = Array.from({ length: 48 }, (_, i) => (i * 7) % 4);
const inputs = fill([48, 3, 32], [7919, 13, 2003], 1.5).data.map(
  (x, i) => x + 0.25 * targets[Math.floor(i / 96)]!,
);

function cnn(): Graph {
  const b = graphBuilder("cnn");
  b.input({ name: "x", dtype: "float32", shape: ["N", 3, 32] });
  const weight = (name: string, tensor: Tensor): string => b.initializer(name, tensor);
  const normal = (
    x: string,
    name: string,
    channels: number,
    seeds: readonly [number, number],
  ): string =>
    b.add("BatchNormalization", [
      x,
      weight(`${name}.weight`, fill([channels], [seeds[0], name === "bn1" ? 1 : 3, 11], 0.3, 1)),
      weight(`${name}.bias`, fill([channels], [seeds[1], 2, 13], 0.2)),
      weight(`${name}.mean`, f32(new Float32Array(channels))),
      weight(`${name}.var`, f32(new Float32Array(channels).fill(1))),
    ]);
  const conv1 = b.add(
    "Conv",
    [
      "x",
      weight("conv1.weight", fill([8, 3, 5], [31, 3, 101], 0.4)),
      weight("conv1.bias", fill([8], [5, 1, 17], 0.1)),
    ],
    { attributes: { pads: ints([2, 2]) } },
  );
  const first = b.add("Relu", [normal(conv1, "bn1", 8, [3, 7])]);
  const pooled = b.add("MaxPool", [first], {
    attributes: { kernel_shape: ints([2]), strides: ints([2]) },
  });
  const conv2 = b.add(
    "Conv",
    [pooled, weight("conv2.weight", fill([12, 8, 3], [37, 5, 103], 0.3))],
    { attributes: { strides: ints([2]) } },
  );
  const second = b.add("Relu", [normal(conv2, "bn2", 12, [5, 3])]);
  const mean = b.add("Flatten", [b.add("GlobalAveragePool", [second])]);
  b.add(
    "Gemm",
    [
      mean,
      weight("fc.weight", fill([4, 12], [41, 7, 97], 0.5)),
      weight("fc.bias", fill([4], [3, 1, 7], 0.1)),
    ],
    { attributes: { transB: int(1) }, outputs: ["logits"] },
  );
  b.output({ name: "logits", dtype: "float32", shape: ["N", 4] });
  return b.build();
}

/** Runs steps, carrying what the step says is carried. */
async function train(
  step: TrainingStep,
  backend: "native" | "wasm",
  { steps, rate }: { readonly steps: number; readonly rate: number },
) {
  let state: Record<string, Tensor> = Object.fromEntries(step.initial);
  const opened = await openOnnx(step.graph, backend);
  const losses: number[] = [];
  for (let at = 0; at < steps; at += 1) {
    const batch = Array.from({ length: 8 }, (_, i) => (at * 8 + i) % 48);
    const x = f32(
      Float32Array.from(batch.flatMap((i) => [...inputs.subarray(i * 96, (i + 1) * 96)])),
      [8, 3, 32],
    );
    const out = await opened.run({
      x,
      target: i64(batch.map((i) => targets[i]!)),
      learningRate: scalar(rate),
      ...state,
    });
    losses.push(Number(out["loss"]!.data[0]));
    state = Object.fromEntries(step.carry.map(([from, to]) => [to, out[from]!]));
  }
  await opened.release();
  return { losses, state };
}

const recipes: Readonly<
  Record<"sgd" | "sgdMomentum" | "adam" | "adamw", readonly [Optimizer, number, Loss]>
> = {
  sgd: [sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.001 }), 0.05, softmaxCrossEntropy()],
  sgdMomentum: [sgd({ momentum: 0.9 }), 0.05, softmaxCrossEntropy()],
  adam: [adam({ weightDecay: 0.01 }), 0.01, softmaxCrossEntropy()],
  adamw: [
    adamW(),
    0.01,
    softmaxCrossEntropy({ labelSmoothing: 0.1, classWeights: [1, 2, 0.5, 1.5] }),
  ],
};

const backends: readonly ("native" | "wasm")[] = [...runtimes.keys()];

test.for(
  Object.keys(recipes).flatMap((name) =>
    backends.map((backend) => [name as keyof typeof recipes, backend] as const),
  ),
)("20 steps by %s on %s give PyTorch's losses to 5 digits", async ([name, backend]) => {
  const [optimizer, rate, loss] = recipes[name];
  const step = trainingStep(cnn(), { loss, optimizer, trainable: () => true });
  const { losses, state } = await train(step, backend, {
    steps: 20,
    rate,
  });
  for (const [i, expected] of fixture[name].losses.entries()) {
    expect(
      Math.abs(losses[i]! - expected) / expected,
      `step ${i}: ${losses[i]} for ${expected}`,
    ).toBeLessThan(1e-5);
  }
  for (const [i, expected] of fixture[name].fcWeight.entries()) {
    expect(Number(state["fc.weight"]!.data[i])).toBeCloseTo(expected, 4);
  }
  // A bias before a normalization has gradient 0: AdamW makes steps of its rounding noise.
  const means = name === "adamw" ? [] : fixture[name].runningMean;
  for (const [i, expected] of means.entries()) {
    expect(Number(state["bn1.mean"]!.data[i])).toBeCloseTo(expected, 4);
  }
});

test("a step graph is valid, and survives a file", () => {
  for (const [optimizer, , loss] of Object.values(recipes)) {
    const { graph } = trainingStep(cnn(), {
      loss,
      optimizer,
      trainable: () => true,
      weighted: true,
      proximal: 0.1,
    });
    validate(graph);
    expect(decodeOnnx(encodeOnnx(graph)).nodes.length).toBe(graph.nodes.length);
  }
});

test("the names are the contract's", () => {
  const step = trainingStep(cnn(), {
    loss: softmaxCrossEntropy(),
    optimizer: adam(),
    trainable: ["fc.weight"],
    weighted: true,
    proximal: 0.1,
  });
  expect(step.graph.inputs.map((info) => info.name)).toEqual([
    "x",
    "target",
    "weight",
    "learningRate",
    "fc.weight",
    "fc.weight.moment1",
    "fc.weight.moment2",
    "optimizer.step",
    "fc.weight.anchor",
  ]);
  expect(step.graph.outputs.map((info) => info.name)).toEqual([
    "loss",
    "fc.weight.next",
    "fc.weight.moment1.next",
    "fc.weight.moment2.next",
    "optimizer.step.next",
  ]);
  expect(step.carry[0]).toEqual(["fc.weight.next", "fc.weight"]);
});

test("a normalization that is not trainable stays frozen", () => {
  const step = trainingStep(cnn(), {
    loss: softmaxCrossEntropy(),
    optimizer: sgd(),
    trainable: (name) => name.startsWith("fc"),
  });
  expect([...step.initial.keys()]).toEqual(["fc.weight", "fc.bias"]);
  expect(step.graph.nodes.some((node) => node.attributes["training_mode"] !== undefined)).toBe(
    false,
  );
});

function linear(): Graph {
  const b = graphBuilder("linear");
  b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  b.initializer("w", f32([0.5, -1, 2, 0.25, 1, -0.5], [2, 3]));
  b.add("MatMul", ["x", "w"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 3] });
  return b.build();
}

const state = (step: TrainingStep): Tensors => Object.fromEntries(step.initial);

test("an example of weight 0 changes nothing, whatever its target", () => {
  const step = trainingStep(linear(), {
    loss: softmaxCrossEntropy({ classWeights: [1, 2, 3] }),
    optimizer: sgd(),
    trainable: ["w"],
    weighted: true,
  });
  const at = (x: readonly number[], target: readonly number[], weight: readonly number[]) =>
    run(step.graph, {
      x: f32(x, [target.length, 2]),
      target: i64(target),
      weight: f32(weight),
      learningRate: scalar(0.1),
      ...state(step),
    });
  const two = at([1, 2, 3, 4], [0, 2], [1, 0.5]);
  const padded = at([1, 2, 3, 4, 9, 9], [0, 2, -1], [1, 0.5, 0]);
  expect(padded).toEqual(two);
});

test("a batch without weight has loss 0 and moves nothing", () => {
  for (const [loss, target] of [
    [softmaxCrossEntropy(), i64([1])],
    [meanSquared(), f32([1, 2, 3], [1, 3])],
  ] as const) {
    const step = trainingStep(linear(), {
      loss,
      optimizer: sgd(),
      trainable: ["w"],
      weighted: true,
    });
    const out = run(step.graph, {
      x: f32([1, 2], [1, 2]),
      target,
      weight: f32([0]),
      learningRate: scalar(1),
      ...state(step),
    });
    expect(out["loss"]!.data[0]).toBeCloseTo(0, 12);
    expect([...(out["w.next"]!.data as Float64Array)]).toEqual([0.5, -1, 2, 0.25, 1, -0.5]);
  }
});

// Hand computation: y = [1, 1, 1] for x = [0, 4] and w's second row [0.25, 1, -0.5] gives [1, 4, -2].
test("the mean squared loss is the mean over elements, then over weights", () => {
  const step = trainingStep(linear(), { loss: meanSquared(), optimizer: sgd(), trainable: ["w"] });
  const out = run(step.graph, {
    x: f32([0, 4], [1, 2]),
    target: f32([1, 1, 1], [1, 3]),
    learningRate: scalar(0.3),
    ...state(step),
  });
  expect(out["loss"]!.data[0]).toBeCloseTo((0 + 9 + 9) / 3, 12);
  // dw[1] = 4 * 2 / 3 * [0, 3, -3]
  expect(out["w.next"]!.data[4]).toBeCloseTo(1 - 0.3 * 8, 6);
});

// Hand computation: the gradient is mu * (w - anchor) beside the loss's.
test("the proximal term pulls towards the anchor", () => {
  const options = { loss: meanSquared(), optimizer: sgd(), trainable: ["w"] };
  const [plain, proximal] = [
    trainingStep(linear(), options),
    trainingStep(linear(), { ...options, proximal: 0.5 }),
  ];
  const feeds = {
    x: f32([1, 2], [1, 2]),
    target: f32([1, 2, 3], [1, 3]),
    learningRate: scalar(0.1),
    ...state(plain),
  };
  const anchor = f32(new Float32Array(6), [2, 3]);
  const free = run(plain.graph, feeds)["w.next"]!.data;
  const pulled = run(proximal.graph, { ...feeds, "w.anchor": anchor })["w.next"]!.data;
  for (const [i, w] of [0.5, -1, 2, 0.25, 1, -0.5].entries()) {
    expect(Number(pulled[i])).toBeCloseTo(Number(free[i]) - 0.1 * 0.5 * w, 6);
  }
});

test("a model that ends with a softmax trains as one that ends with logits", () => {
  const b = graphBuilder({ ...linear(), outputs: [] });
  b.add("Softmax", ["y"], { outputs: ["p"] });
  b.output({ name: "p", dtype: "float32", shape: ["N", 3] });
  const options = { loss: softmaxCrossEntropy(), optimizer: sgd(), trainable: ["w"] };
  expect(trainingStep(b.build(), options).graph.nodes).toEqual(
    trainingStep(linear(), options).graph.nodes,
  );
});

test("what cannot be trained is refused by code", () => {
  const options = { loss: softmaxCrossEntropy(), optimizer: sgd(), trainable: ["w"] };
  expect(() => trainingStep(linear(), { ...options, trainable: ["v"] })).toThrow(
    expect.objectContaining({ code: "TRAINABLE_UNKNOWN" }),
  );
  expect(() => trainingStep(linear(), { ...options, output: "z" })).toThrow(
    expect.objectContaining({ code: "VALUE_UNKNOWN" }),
  );
  const unused = linear();
  const extra = {
    ...unused,
    initializers: new Map([...unused.initializers, ["v", f32([1])] as const]),
  };
  expect(() => trainingStep(extra, { ...options, trainable: ["v"] })).toThrow(
    expect.objectContaining({ code: "TRAINABLE_UNUSED" }),
  );
});

test("a step leaves the tensors that it was fed alone", async () => {
  const step = trainingStep(cnn(), {
    loss: softmaxCrossEntropy(),
    optimizer: sgd(),
    trainable: () => true,
  });
  for (const backend of backends) {
    const before = [...(step.initial.get("bn1.mean")!.data as Float32Array)];
    await train(step, backend, { steps: 1, rate: 0.1 });
    expect([...(step.initial.get("bn1.mean")!.data as Float32Array)]).toEqual(before);
  }
});

test("what a pattern asks for are the model's own weights: no constants, and nothing that is written out", () => {
  const b = graphBuilder("cell");
  b.input({ name: "x", dtype: "float32", shape: [3, "N", 2] });
  const w = b.initializer("w", f32(new Float32Array(8).fill(0.1), [1, 4, 2]));
  const r = b.initializer("r", f32(new Float32Array(4).fill(0.1), [1, 4, 1]));
  const [all = ""] = b.addMany("LSTM", ["x", w, r], 1, { attributes: { hidden_size: int(1) } });
  const scaled = b.add("Mul", [all, b.initializer("factor", scalar(2))]);
  b.add("Clip", [scaled, b.initializer("low", scalar(-1))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  const options = { loss: meanSquared(), optimizer: sgd() };
  const step = trainingStep(b.build(), { ...options, trainable: () => true });
  expect([...step.initial.keys()]).toEqual(["w", "r"]);
  validate(step.graph);
});

test("a reconstruction is the mean square of the input's own differences, without a target", () => {
  const b = graphBuilder("copy");
  b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  b.initializer("w", f32([0.5, -1, 2, 0.25], [2, 2]));
  b.add("MatMul", ["x", "w"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  const options = { optimizer: sgd(), trainable: ["w"], microBatches: microBatching(2) };
  const own = trainingStep(b.build(), { ...options, loss: reconstruction() });
  const given = trainingStep(b.build(), { ...options, loss: meanSquared() });
  expect(own.graph.inputs.map(({ name }) => name)).toEqual(["x", "learningRate", "w"]);
  const x = f32([1, 2, -3, 4, 0.5, 0], [3, 2]);
  const feeds = { x, learningRate: scalar(0.1), ...state(own) };
  expect(run(own.graph, feeds)).toEqual(run(given.graph, { ...feeds, target: x }));
});
