import {
  sgd,
  softmaxCrossEntropy,
  trainingStep,
  unrollSteps,
} from "../../core/src/autodiff/index.ts";
import { graphBuilder } from "../../core/src/graph/builder.ts";
import type { Graph } from "../../core/src/graph/graph.ts";
import type { Tensor, Tensors } from "../../core/src/graph/tensor.ts";
import { f32, i64, scalar, sizeOf } from "../../core/src/graph/tensor.ts";
import { gaussian, seededRng } from "../../core/src/platform/random.ts";
import { openSession } from "../../core/src/runtime/node/open.ts";
import { nativeAvailable } from "../../core/src/runtime/node/probe.ts";
import type { Backend } from "../../core/src/runtime/session.ts";
import type { Bench, Figure } from "./bench.ts";
import { interleaved, ratio } from "./bench.ts";

const count = 8;
const rng = seededRng(4);
const noise = (shape: readonly number[], scale = 1): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, () => scale * gaussian(rng)),
    shape,
  );

/** Two products: the network in which a call weighs most. */
function perceptron(inputs: number, hidden: number): Graph {
  const b = graphBuilder("perceptron");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", inputs] });
  const weight = (name: string, ...shape: number[]): string =>
    b.initializer(name, noise(shape, 0.1));
  const first = b.add("MatMul", [x, weight("w1", inputs, hidden)]);
  const active = b.add("Relu", [b.add("Add", [first, weight("b1", hidden)])]);
  b.add("Add", [b.add("MatMul", [active, weight("w2", hidden, 10)]), weight("b2", 10)], {
    outputs: ["logits"],
  });
  b.output({ name: "logits", dtype: "float32", shape: ["N", 10] });
  return b.build();
}

async function measure(backend: Backend, sizes: readonly [number, number]): Promise<Figure[]> {
  const batch = 32;
  const step = trainingStep(perceptron(...sizes), {
    loss: softmaxCrossEntropy(),
    optimizer: sgd({ momentum: 0.9 }),
    trainable: () => true,
  });
  const many = unrollSteps(step, count);
  const sessions = await Promise.all(
    [step, many].map(({ graph }) => openSession(graph, { backend })),
  );
  const initial: Tensors = Object.fromEntries(step.initial);
  const [single, unrolled] = await Promise.all(
    sessions.map((session) => session.loop({ carry: step.carry, initial })),
  );
  if (single === undefined || unrolled === undefined) return [];
  const feeds = (...lead: number[]): Tensors => ({
    x: noise([...lead, batch, sizes[0]]),
    target: i64(
      Array.from({ length: sizeOf(lead) * batch }, (_, at) => at % 10),
      [...lead, batch],
    ),
    learningRate: scalar(1e-4),
  });
  const [one, all] = [feeds(), feeds(count)];
  const times = await interleaved({
    single: async () => {
      for (let at = 0; at < count; at += 1) await single.step(one);
    },
    unrolled: () => unrolled.step(all),
  });
  for (const session of sessions) await session.dispose();
  const name = `${backend}, ${sizes[0]}-${sizes[1]}-10, batch ${batch}`;
  return [
    ratio(`${name}: ${count} steps in one call over ${count} calls`, times.unrolled, times.single),
  ];
}

export const bench: Bench = {
  name: "unroll",
  about: "several batches in one call of the step graph, against one batch a call",
  run: async () => {
    const backends: Backend[] = (await nativeAvailable()) ? ["wasm", "native"] : ["wasm"];
    const figures: Figure[] = [];
    for (const backend of backends) {
      for (const sizes of [
        [16, 16],
        [128, 256],
        [512, 1024],
      ] as const) {
        figures.push(...(await measure(backend, sizes)));
      }
    }
    return figures;
  },
};
