// What a tab does, and Node beside it: the whole engine on one model, through the packages' public names.
import { sgd, softmaxCrossEntropy, trainingStep } from "@edgeloop/core/autodiff";
import type { Graph, Tensors } from "@edgeloop/core/graph";
import { decodeOnnx, encodeOnnx, f32, i64 } from "@edgeloop/core/graph";
import { seededRng } from "@edgeloop/core/platform";
import { calibrate, quantize } from "@edgeloop/core/quantize";
import type { Session } from "@edgeloop/core/runtime";
import { openSession } from "@edgeloop/core/runtime";

/** What came of it: plain numbers, which cross from a tab as JSON. */
export type Learned = {
  readonly isolated: boolean;
  readonly losses: readonly number[];
  readonly float: readonly number[];
  readonly int8: readonly number[];
  /** The float model's answers with two threads. */
  readonly threaded: readonly number[];
  /** Properties of the global object that are new. */
  readonly leaked: readonly string[];
};

const batchSize = 32;
const steps = 40;

/** Imports an .onnx file, trains it, quantizes it, and runs what came of it, with one thread and with two. */
export async function learn(file: Uint8Array): Promise<Learned> {
  const before = Object.getOwnPropertyNames(globalThis);
  const model = decodeOnnx(file);
  const { losses, trained } = await train(model);
  const batches = Array.from({ length: steps }, (_, seed) => inputsOf(examples(seed)));
  const ranges = await calibrate(trained, { batches, open }, { method: "minmax" });
  const int8 = encodeOnnx(quantize(trained, ranges));
  return {
    isolated: Reflect.get(globalThis, "crossOriginIsolated") === true,
    losses,
    float: await answers(await open(trained)),
    int8: await answers(await openSession(int8, { backend: "wasm" })),
    threaded: await answers(await openSession(trained, { backend: "wasm", threads: 2 })),
    leaked: Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name)),
  };
}

const open = (graph: Graph): Promise<Session> => openSession(graph, { backend: "wasm" });

async function train(
  model: Graph,
): Promise<{ readonly losses: number[]; readonly trained: Graph }> {
  const step = trainingStep(model, {
    loss: softmaxCrossEntropy(),
    optimizer: sgd({ momentum: 0.9 }),
    trainable: () => true,
  });
  const session = await open(step.graph);
  const initial = Object.fromEntries(step.initial);
  const loop = await session.loop({ carry: step.carry, initial });
  const losses: number[] = [];
  for (let at = 0; at < steps; at += 1) {
    const { loss } = await loop.step({ ...examples(at), learningRate: f32([0.1], []) });
    losses.push(Number(loss?.data[0]));
  }
  const learned = await loop.read();
  await session.dispose();
  const initializers = new Map(model.initializers);
  for (const name of initializers.keys()) {
    const tensor = learned[name];
    if (tensor !== undefined) initializers.set(name, tensor);
  }
  return { losses, trained: { ...model, initializers } };
}

/** Vectors whose class is the largest of their first three numbers. */
function examples(seed: number): Tensors {
  const rng = seededRng(seed);
  const x = Float32Array.from({ length: batchSize * 8 }, () => 2 * rng() - 1);
  const target = Array.from({ length: batchSize }, (_, row) => {
    const three = [...x.subarray(8 * row, 8 * row + 3)];
    return three.indexOf(Math.max(...three));
  });
  return { x: f32(x, [batchSize, 8]), target: i64(target) };
}

const inputsOf = ({ x }: Tensors): Tensors => (x === undefined ? {} : { x });

async function answers(session: Session): Promise<readonly number[]> {
  const { logits } = await session.run(inputsOf(examples(99)));
  await session.dispose();
  return Array.from(logits?.data ?? [], Number);
}
