import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { engines, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, ints } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar, sizeOf } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { softmaxCrossEntropy } from "./losses/cross-entropy.ts";
import { adam } from "./optimizers/adam.ts";
import { sgd } from "./optimizers/sgd.ts";
import type { TrainingStep } from "./training-step.ts";
import { trainingStep } from "./training-step.ts";
import { unrolledStepsMax, unrollSteps } from "./unroll-steps.ts";

const rng = seededRng(3);
const noise = (shape: readonly number[], scale = 1): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, () => scale * gaussian(rng)),
    shape,
  );

/** A convolution with batch statistics, dropout and a product: everything that a step carries or draws. */
function model(): Graph {
  const b = graphBuilder("model");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2, 9] });
  const conv = b.add("Conv", [x, b.initializer("conv", noise([4, 2, 3], 0.5))], {
    attributes: { pads: ints([1, 1]) },
  });
  const statistics = ["scale", "bias", "mean", "variance"].map((name, at) =>
    b.initializer(name, f32(new Float32Array(4).fill(at % 3 === 0 ? 1 : 0))),
  );
  const active = b.add("Relu", [b.add("BatchNormalization", [conv, ...statistics])]);
  const half = b.constant(scalar(0.5));
  const yes: Tensor = { dtype: "bool", shape: [], data: Uint8Array.of(1) };
  const dropped = b.add("Dropout", [b.add("Flatten", [active]), half, b.constant(yes)]);
  b.add("MatMul", [dropped, b.initializer("head", noise([36, 3], 0.3))], { outputs: ["logits"] });
  b.output({ name: "logits", dtype: "float32", shape: ["N", 3] });
  return b.build();
}

const count = 3;
const batches = Array.from({ length: count }, (_, at) => ({
  x: noise([5, 2, 9]),
  target: i64(Array.from({ length: 5 }, (_row, i) => (i + at) % 3)),
  weight: f32([1, 1, 0.5, 1, at]),
  seed: i64([7 + at], []),
}));

function stack(name: "x" | "target" | "weight" | "seed"): Tensor {
  const all = batches.map((batch) => batch[name]);
  const shape = [count, ...(all[0]?.shape ?? [])];
  const numbers = all.flatMap(({ data }) =>
    Array.from<number | bigint, number>(data as Float32Array, Number),
  );
  return name === "target" || name === "seed" ? i64(numbers, shape) : f32(numbers, shape);
}

const steps: Readonly<Record<string, TrainingStep>> = Object.fromEntries(
  [sgd({ momentum: 0.9 }), adam()].map((optimizer) => [
    optimizer.kind,
    trainingStep(model(), {
      loss: softmaxCrossEntropy(),
      optimizer,
      trainable: () => true,
      weighted: true,
      proximal: 0.1,
      clipNorm: 1,
    }),
  ]),
);

type Runner = (graph: Graph, feeds: Tensors) => Promise<Tensors>;

async function compare(step: TrainingStep, runner: Runner) {
  const anchors = Object.fromEntries(
    ["conv", "scale", "bias", "head"].map((name) => [
      `${name}.anchor`,
      f32(
        new Float32Array(sizeOf(step.initial.get(name)?.shape ?? [])),
        step.initial.get(name)?.shape,
      ),
    ]),
  );
  const shared = { ...anchors, learningRate: scalar(0.05) };
  let state: Tensors = Object.fromEntries(step.initial);
  const losses: number[] = [];
  for (const batch of batches) {
    const out = await runner(step.graph, { ...shared, ...batch, ...state });
    losses.push(Number(out["loss"]?.data[0]));
    state = Object.fromEntries(step.carry.map(([from, to]) => [to, out[from] as Tensor]));
  }
  const stacked = Object.fromEntries(
    (["x", "target", "weight", "seed"] as const).map((name) => [name, stack(name)]),
  );
  const unrolled = unrollSteps(step, count);
  const initial: Tensors = Object.fromEntries(step.initial);
  const out = await runner(unrolled.graph, { ...shared, ...stacked, ...initial });
  const next = Object.fromEntries(unrolled.carry.map(([from, to]) => [to, out[from] as Tensor]));
  return { losses, state, found: Array.from(out["loss"]?.data ?? [], Number), next };
}

test.for(
  engines.flatMap(([name, engine]) =>
    Object.keys(steps).map((kind) => [kind, name, engine] as const),
  ),
)("three steps in one call are three calls, to the bit: %s on %s", async ([kind, , engine]) => {
  const step = steps[kind] as TrainingStep;
  const { losses, state, found, next } = await compare(step, (graph, feeds) =>
    runGraph(graph, feeds, engine),
  );
  expect(found).toEqual(losses);
  expect(Object.keys(next)).toEqual([...step.initial.keys()]);
  for (const [name, tensor] of Object.entries(state)) expect(next[name], name).toEqual(tensor);
});

test("in double precision too", async () => {
  const { losses, found } = await compare(steps["adam"] as TrainingStep, (graph, feeds) =>
    Promise.resolve(run(graph, feeds)),
  );
  expect(found).toEqual(losses);
});

test("only what changes from batch to batch gets a leading axis", () => {
  const { graph } = unrollSteps(steps["adam"] as TrainingStep, 4);
  validate(graph);
  const shapes = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, shape]));
  expect(shapes).toMatchObject({
    ...{ x: [4, "N", 2, 9], target: [4, "N"], weight: [4, "N"], seed: [4], learningRate: [] },
    ...{ conv: [4, 2, 3], "conv.moment1": [4, 2, 3], "conv.anchor": [4, 2, 3] },
    ...{ mean: [4], "optimizer.step": [] },
  });
  expect(graph.outputs[0]).toMatchObject({ name: "loss", shape: [4] });
});

test.for([0, 1.5, Number.NaN, unrolledStepsMax + 1])("%s steps are refused", (number) => {
  expect(() => unrollSteps(steps["sgd"] as TrainingStep, number)).toThrow(
    expect.objectContaining({
      code: "UNROLL_INVALID",
      message: expect.stringContaining(`from 1 to ${unrolledStepsMax}, not ${number}`),
    }),
  );
});
