import type { TrainingStep } from "../../core/src/autodiff/index.ts";
import { sgd, softmaxCrossEntropy, trainingStep } from "../../core/src/autodiff/index.ts";
import { estimate } from "../../core/src/graph/estimate.ts";
import type { Graph } from "../../core/src/graph/graph.ts";
import type { Tensors } from "../../core/src/graph/tensor.ts";
import { f32, i64, scalar } from "../../core/src/graph/tensor.ts";
import { gaussian, seededRng } from "../../core/src/platform/random.ts";
import { openSession } from "../../core/src/runtime/node/open.ts";
import { nativeAvailable } from "../../core/src/runtime/node/probe.ts";
import { bareLoop } from "./bare-loop.ts";
import type { Bench, Figure } from "./bench.ts";
import { interleaved, ratio } from "./bench.ts";
import { activityCnn, keywordCnn, perceptron, residualCnn } from "./engine-models.ts";
import { tfjsStepMs } from "./tfjs-step.ts";

type Network = {
  readonly label: string;
  readonly graph: Graph;
  readonly batch: number;
  readonly momentum: number;
  /** What step over forward pass may be of the ratio of their multiply-accumulates. */
  readonly bars: Readonly<Record<"wasm" | "native", number>>;
};

const networks = (): readonly Network[] => [
  {
    ...{ label: "1-D CNN", graph: activityCnn(), batch: 32, momentum: 0.9 },
    bars: { wasm: 1.15, native: 1.15 },
  },
  {
    ...{ label: "MLP 512-1024-10", graph: perceptron(), batch: 32, momentum: 0 },
    bars: { wasm: 1.15, native: 1.15 },
  },
  {
    ...{ label: "DS-CNN 49x10", graph: keywordCnn(), batch: 16, momentum: 0.9 },
    bars: { wasm: 2, native: 1.5 },
  },
  {
    ...{ label: "ResNet-8 32x32", graph: residualCnn(), batch: 16, momentum: 0.9 },
    bars: { wasm: 2, native: 1.5 },
  },
];

/** How much of a step its parameters may take on their way in and out. */
const passingMax = 1.15;
/** How much faster than tfjs on its CPU backend a step of the 1-D CNN is on wasm. */
const overTfjsMin = 400;

/**
 * Multiply-accumulates of a step over those of the forward pass: each product is done again for its weight's gradient,
 * and again for its input's, but where the input is the batch itself.
 */
export function arithmeticRatio(graph: Graph): number {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const upTo = (count: number): number =>
    estimate({ ...graph, nodes: graph.nodes.slice(0, count), outputs: [] }).macs;
  const onBatch = graph.nodes.flatMap(({ inputs: [first = ""] }, at) =>
    inputs.has(first) ? [upTo(at + 1) - upTo(at)] : [],
  );
  return 3 - onBatch.reduce((a, b) => a + b, 0) / upTo(graph.nodes.length);
}

async function measure(network: Network, backend: "wasm" | "native"): Promise<readonly Figure[]> {
  const { label, graph, batch, momentum } = network;
  const step = trainingStep(graph, {
    loss: softmaxCrossEntropy(),
    optimizer: sgd({ momentum }),
    trainable: () => true,
  });
  const feeds = feedsOf(network);
  const initial: Tensors = Object.fromEntries(step.initial);
  const forward = await openSession(graph, { backend });
  const session = await openSession(step.graph, { backend });
  const loop = await session.loop({ carry: step.carry, initial });
  const x = feeds["x"];
  const times = await interleaved(
    {
      forward: () => forward.run({ ...(x ? { x } : {}) }),
      changeable: await bareLoop(withWeightsAsInputs(graph), feeds, backend),
      step: () => loop.step(feeds),
      bare: await bareLoop(step, feeds, backend),
    },
    { rounds: 15, sampleMs: 30 },
  );
  const name = `${label}, batch ${batch}, ${backend}`;
  return [
    { label: `${name}: forward pass`, value: times.forward, unit: "us" },
    { label: `${name}: one training step`, value: times.step, unit: "us" },
    ratio(
      `${name}: step over forward, over their arithmetic`,
      times.step,
      times.forward * arithmeticRatio(graph),
      { atMost: network.bars[backend] },
    ),
    ratio(
      `${name}: the same, over a forward pass whose weights may change`,
      times.step,
      times.changeable * arithmeticRatio(graph),
    ),
    ratio(`${name}: step over the runtime's bare run`, times.step, times.bare, {
      atMost: passingMax,
    }),
  ];
}

/** Constant weights are packed once, and convolutions natively on x64 laid out in blocks; a step's are not. */
const withWeightsAsInputs = (graph: Graph): Pick<TrainingStep, "graph" | "initial"> => ({
  graph: {
    ...graph,
    inputs: [
      ...graph.inputs,
      ...[...graph.initializers].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    ],
    initializers: new Map(),
  },
  initial: graph.initializers,
});

function feedsOf({ graph, batch }: Network): Tensors {
  const rng = seededRng(1);
  const shape = [batch, ...(graph.inputs[0]?.shape?.slice(1) ?? []).map(Number)];
  const size = shape.reduce((a, b) => a * b, 1);
  const classes = Number(graph.outputs[0]?.shape?.[1]);
  return {
    x: f32(
      Float32Array.from({ length: size }, () => gaussian(rng)),
      shape,
    ),
    target: i64(Array.from({ length: batch }, (_, index) => index % classes)),
    learningRate: scalar(0.001),
  };
}

export const bench: Bench = {
  name: "engine",
  about: "training steps against forward passes of the same batch, one thread, and against tfjs",
  run: async () => {
    const backends: readonly ("wasm" | "native")[] = (await nativeAvailable())
      ? ["wasm", "native"]
      : ["wasm"];
    const figures: Figure[] = [];
    for (const network of networks()) {
      for (const backend of backends) figures.push(...(await measure(network, backend)));
    }
    const stepUs = figures.find((each) => each.label.endsWith("wasm: one training step"))?.value;
    const tfjsMs = await tfjsStepMs();
    return [
      ...figures,
      { label: "1-D CNN, batch 32, tfjs on its CPU backend: one step", value: tfjsMs, unit: "ms" },
      {
        label: "1-D CNN, batch 32: tfjs over wasm",
        value: (tfjsMs * 1000) / (stepUs ?? Number.NaN),
        unit: "ratio",
        atLeast: overTfjsMin,
      },
    ];
  },
};
