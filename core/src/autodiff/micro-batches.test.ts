import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { engines, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int, ints } from "../graph/builder.ts";
import type { Dim, Graph } from "../graph/graph.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar, sizeOf } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { softmaxCrossEntropy } from "./losses/cross-entropy.ts";
import { huber, meanSquared } from "./losses/elementwise.ts";
import type { Loss } from "./losses/loss.ts";
import { microBatchesMax, microBatching } from "./micro-batches.ts";
import { adam } from "./optimizers/adam.ts";
import type { TrainingStepOptions } from "./training-step.ts";
import { trainingStep } from "./training-step.ts";

const rng = seededRng(8);
const noise = (shape: readonly number[], spread = 1): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, () => spread * gaussian(rng)),
    shape,
  );
const [conv, head, scale] = [noise([4, 2, 3], 0.5), noise([36, 3], 0.3), noise([4], 0.2)];

function model({ normalized = false, batch = "N" as Dim } = {}): Graph {
  const b = graphBuilder("model");
  const x = b.input({ name: "x", dtype: "float32", shape: [batch, 2, 9] });
  const sums = b.add("Conv", [x, b.initializer("conv", conv)], {
    attributes: { pads: ints([1, 1]) },
  });
  const ones = f32([1, 1, 1, 1]);
  const zeros = f32([0, 0, 0, 0]);
  const statistics = [
    b.initializer("scale", scale),
    ...(["bias", "mean"] as const).map((name) => b.initializer(name, zeros)),
    b.initializer("variance", ones),
  ];
  const active = b.add("Relu", [
    normalized ? b.add("BatchNormalization", [sums, ...statistics]) : sums,
  ]);
  b.add("MatMul", [b.add("Flatten", [active]), b.initializer("head", head)], {
    outputs: ["logits"],
  });
  b.output({ name: "logits", dtype: "float32", shape: [batch, 3] });
  return b.build();
}

const size = 7;
const classes = i64(Array.from({ length: size }, (_, i) => (i * 2) % 3));
const feeds = (target: Tensor, weighted: boolean): Tensors => ({
  x: noise([size, 2, 9]),
  target,
  learningRate: scalar(0.05),
  ...(weighted ? { weight: f32([1, 0.5, 0, 2, 1, 0, 0]) } : {}),
});

const cases: readonly (readonly [name: string, loss: Loss, target: Tensor, weighted: boolean])[] = [
  ["cross-entropy", softmaxCrossEntropy(), classes, false],
  ["weighted", softmaxCrossEntropy(), classes, true],
  ["class weights", softmaxCrossEntropy({ classWeights: [1, 3, 0.5] }), classes, false],
  ["both", softmaxCrossEntropy({ classWeights: [1, 3, 0.5], labelSmoothing: 0.1 }), classes, true],
  ["squares", meanSquared(), noise([size, 3]), false],
  ["huber, weighted", huber(), noise([size, 3]), true],
];

const options = (loss: Loss, over: Partial<TrainingStepOptions> = {}): TrainingStepOptions => ({
  ...{ loss, optimizer: adam(), trainable: () => true, clipNorm: 0.5 },
  ...over,
});

function worst(a: Tensors, b: Tensors): number {
  const far = Object.keys(a).map((name) => {
    const [one, two] = [a[name], b[name]].map((each) => Array.from(each?.data ?? [], Number));
    return Math.max(...(one ?? []).map((value, i) => Math.abs(value - (two?.[i] ?? Number.NaN))));
  });
  return Math.max(...far);
}

// Seven examples in three parts: three, three and one; in the weighted cases the last part weighs nothing.
test.for(cases)(
  "parts learn what the whole batch learns: %s",
  async ([, loss, target, weighted]) => {
    const [whole, split] = [1, 3].map((parts) =>
      trainingStep(model(), options(loss, { weighted, microBatches: microBatching(parts) })),
    );
    if (whole === undefined || split === undefined) throw new TypeError("there are two steps");
    validate(split.graph);
    expect(split.graph.inputs).toEqual(whole.graph.inputs);
    const given = { ...feeds(target, weighted), ...Object.fromEntries(whole.initial) };
    for (const [, engine] of engines) {
      const one = await runGraph(whole.graph, given, engine);
      const parts = await runGraph(split.graph, given, engine);
      expect(worst(one, parts)).toBeLessThan(2e-5);
    }
  },
);

// By hand: each part's own mean over its examples and places, then the mean of both parts.
test("no part is empty while there are as many examples as parts", () => {
  const step = trainingStep(
    model(),
    options(softmaxCrossEntropy(), { microBatches: microBatching(5) }),
  );
  const fed = { ...feeds(classes, false), ...Object.fromEntries(step.initial) };
  expect(Number(run(step.graph, fed)["loss"]?.data[0])).toBeGreaterThan(0);
});

test("statistics are a part's own, and the running ones move towards their mean", () => {
  const step = trainingStep(
    model({ normalized: true }),
    options(softmaxCrossEntropy(), { microBatches: microBatching(2) }),
  );
  const given = { ...feeds(classes, false), ...Object.fromEntries(step.initial) };
  const found = run(step.graph, given)["mean.next"]?.data as Float64Array;
  const sums = graphBuilder({ ...model(), nodes: [], outputs: [] });
  sums.add("Conv", ["x", "conv"], { attributes: { pads: ints([1, 1]) }, outputs: ["y"] });
  sums.output({ name: "y", dtype: "float32" });
  const y = run(sums.build(), { x: given["x"] as Tensor })["y"]?.data as Float64Array;
  const mean = (from: number, to: number, channel: number): number => {
    const values = Array.from({ length: (to - from) * 9 }, (_, i) => {
      const example = from + Math.floor(i / 9);
      return y[(example * 4 + channel) * 9 + (i % 9)] ?? Number.NaN;
    });
    return values.reduce((a, b) => a + b, 0) / values.length;
  };
  for (const channel of [0, 1, 2, 3]) {
    const moved = 0.1 * 0.5 * (mean(0, 4, channel) + mean(4, 7, channel));
    expect(found[channel]).toBeCloseTo(moved, 6);
  }
});

test("a part's dropout draws other masks than the one before it", () => {
  const b = graphBuilder("dropping");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 40] });
  const yes: Tensor = { dtype: "bool", shape: [], data: Uint8Array.of(1) };
  const dropped = b.add("Dropout", [x, b.constant(scalar(0.5)), b.constant(yes)]);
  b.add("Gemm", [dropped, b.initializer("w", f32(new Float32Array(40), [1, 40]))], {
    attributes: { transB: int(1) },
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  const step = trainingStep(b.build(), options(meanSquared(), { microBatches: microBatching(2) }));
  const out = run(step.graph, {
    // Each part's gradient marks what its mask kept: 1 for the first part, 1000 for the second.
    x: f32(
      Float32Array.from({ length: 80 }, (_, i) => (i < 40 ? 1 : 1000)),
      [2, 40],
    ),
    target: f32([-1, -1], [2, 1]),
    seed: i64([5], []),
    learningRate: scalar(0),
    ...Object.fromEntries(step.initial),
  });
  const moments = Array.from(out["w.moment1.next"]?.data as Float64Array);
  const kinds = new Set(moments.map((value) => Math.round(value * 1e7)));
  expect(kinds.size).toBe(4);
});

test.for([
  [1.5, "N", "2 to 256 parts, not 1.5"],
  [microBatchesMax + 1, "N", `not ${microBatchesMax + 1}`],
  [2, 8, "a batch of the fixed size 8 cannot be split: give the model a named batch axis"],
] as const)("%s parts of a batch of %s are refused", ([parts, batch, message]) => {
  expect(() =>
    trainingStep(
      model({ batch }),
      options(softmaxCrossEntropy(), { microBatches: microBatching(parts) }),
    ),
  ).toThrow(
    expect.objectContaining({
      code: "MICRO_BATCHES_INVALID",
      message: expect.stringContaining(message),
    }),
  );
});
