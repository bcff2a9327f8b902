// A process of its own, started by memory.bench.ts: trains one network for a few steps and prints by how many bytes that
// made it grow, and what was estimated. Arguments: network, backend, batch, optimizer, glob of what is trained.
import { readFileSync } from "node:fs";
import {
  adam,
  estimateTraining,
  microBatching,
  recomputing,
  sgd,
  softmaxCrossEntropy,
  trainingStep,
} from "../../core/src/autodiff/index.ts";
import type { Graph } from "../../core/src/graph/graph.ts";
import { f32, i64, scalar } from "../../core/src/graph/tensor.ts";
import { openSession } from "../../core/src/runtime/node/open.ts";
import { loadEngine } from "../../core/src/runtime/wasm-engine.ts";
import { activityCnn, keywordCnn, perceptron, residualCnn } from "./engine-models.ts";

const networks: Readonly<Record<string, () => Graph>> = {
  ...{ activityCnn, keywordCnn, perceptron, residualCnn },
};
const [
  name = "",
  backend = "wasm",
  batchText = "16",
  optimizer = "sgd",
  only = "",
  segments = "1",
  micro = "1",
] = process.argv.slice(2);
const batch = Number(batchText);
const steps = 4;

/** How far the runtime's heap has been written to: a fresh heap is zero. */
async function heapBytes(): Promise<number> {
  const words = new Int32Array((await loadEngine({ threads: 1 })).HEAPU8.buffer);
  return 4 * (words.findLastIndex((word) => word !== 0) + 1);
}

/** Memory of this process that is no file's, once JavaScript has let go of what it no longer needs. */
async function residentBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  const found = /RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"));
  return Number(found?.[1]) * 1024;
}

const model = networks[name]?.();
if (model === undefined) throw new TypeError(`no network is called ${name}`);
const step = trainingStep(model, {
  loss: softmaxCrossEntropy(),
  optimizer: optimizer === "adam" ? adam() : sgd({ momentum: 0.9 }),
  recompute: recomputing(Number(segments)),
  microBatches: microBatching(Number(micro)),
  trainable: (each) => each.startsWith(only),
});
const [x] = model.inputs;
const shape = (x?.shape ?? []).map((dim) => (typeof dim === "number" ? dim : batch));
const size = shape.reduce((a, b) => a * b, 1);
const feeds = {
  [x?.name ?? ""]: f32(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i) + 1.1),
    shape,
  ),
  target: i64(Array.from({ length: batch }, (_, i) => i % 4)),
  learningRate: scalar(1e-3),
};
const measure = backend === "wasm" ? heapBytes : residentBytes;
const before = await measure();
const session = await openSession(step.graph, { backend: backend as "wasm" });
const loop = await session.loop({ carry: step.carry, initial: Object.fromEntries(step.initial) });
let measured = 0;
for (let at = 0; at < steps; at += 1) {
  await loop.step(feeds);
  measured = Math.max(measured, (await measure()) - before);
}
const sizes = Object.fromEntries(
  (x?.shape ?? []).flatMap((dim) => (typeof dim === "number" ? [] : [[dim, batch] as const])),
);
const estimated = estimateTraining(step, { sizes, backend: backend as "wasm" });
console.log(JSON.stringify({ measured, estimated, nodes: step.graph.nodes.length }));
process.exit(0);
