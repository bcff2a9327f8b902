// The whole system in one file, in one process and in memory: read this first. What the processes around it add (brokers,
// signatures, disks, kills) is in test/scenarios.
import { fedAvg } from "@edgeloop/cloud-sync";
import { adamW, softmaxCrossEntropy, trainingStep } from "@edgeloop/core/autodiff";
import { bundleBytes, loadGraph, parseManifest } from "@edgeloop/core/bundle";
import type { Samples } from "@edgeloop/core/data";
import { createWindower, labelFor } from "@edgeloop/core/data";
import type { Graph, Tensors } from "@edgeloop/core/graph";
import { encodeOnnx, estimate, f32 } from "@edgeloop/core/graph";
import { sha256, utf8 } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { openSession } from "@edgeloop/core/runtime";
import { accuracy, totalConfusion } from "@edgeloop/core/statistics";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { constant, runTraining, windowDataset } from "@edgeloop/core/training";
import type { Examples } from "@edgeloop/models";
import {
  buildRelease,
  collectExamples,
  evaluateModel,
  fitScaling,
  isWeight,
  modelGraph,
  parseProblem,
  pipelineOf,
  quantizeModel,
  withWeights,
} from "@edgeloop/models";
import { expect, test } from "vitest";
import { epochUs, packetUs, plantStream } from "../cli/src/demo/plant/plant-stream.ts";
import { pumpProblem } from "../cli/src/demo/problem-text.ts";

// 1. The problem, as a person states it: sensor, windows, classes, objective, constraints, features, network.
const problem = parseProblem(pumpProblem, "edgeloop.yaml");
const { classes, sensor, window } = problem;
const open = (graph: Graph) => openSession(graph, { backend: "wasm" });
const blobs = memoryBlobStore();

/** 2. A pump's sensor sends packets of samples; a windower cuts them into windows, which people label. */
function recordPump(index: number, seconds: number): Examples {
  const endUs = epochUs + seconds * 1e6;
  const pump = plantStream(1, index, { changeUs: endUs, endUs });
  const spec = { rateHz: sensor.rateHz, ...window };
  const windower = createWindower({ ...sensor, sensor: sensor.name }, spec);
  const labels = pump.segments.map(({ state, ...time }) => ({ ...time, label: state, by: "me" }));
  const examples = [];
  for (let startUs = epochUs; startUs < endUs; startUs += packetUs) {
    const data = pump.acceleration(startUs, packetUs / 1000);
    const packet: Samples = { sensor: sensor.name, startUs, periodUs: 1000, data };
    for (const cut of windower.push(packet).windows) {
      const label = classes.indexOf(labelFor(cut, spec, labels) ?? "");
      examples.push({ data: cut.data, label, group: `pump-${index}` });
    }
  }
  const shape = { lengthSamples: window.lengthSamples, channels: sensor.channels.length };
  return collectExamples(shape, examples);
}

/** 3. A training step is a graph too: batch and parameters in, loss and next parameters out. Any ONNX runtime learns. */
async function learn(graph: Graph, examples: Examples, epochs: number) {
  const step = trainingStep(graph, {
    loss: softmaxCrossEntropy(),
    optimizer: adamW({ weightDecay: 0.01 }),
    trainable: isWeight,
    weighted: true,
  });
  const session = await open(step.graph);
  const names = { window: "window", target: "target" };
  const result = await runTraining({
    ...{ session, carry: step.carry, initial: step.initial, epochs, batchSize: 32, seed: 1 },
    dataset: windowDataset(examples, names),
    learningRate: constant(0.004),
    clock: systemClock,
  });
  await session.dispose();
  return result;
}

async function accuracyOf(graph: Graph, examples: Examples): Promise<number> {
  const session = await open(graph);
  const confusion = await evaluateModel(session, examples, classes);
  await session.dispose();
  return accuracy(totalConfusion(classes, confusion));
}

const weightsOf = (graph: Graph): Tensors =>
  Object.fromEntries([...graph.initializers].filter(([name]) => isWeight(name)));

/** What a device sends: how far its own windows moved the parameters. */
const difference = (to: Tensors, from: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(from).map(([name, { data, shape }]) => {
      const moved = (at: number): number => Number(to[name]?.data[at]) - Number(data[at]);
      return [
        name,
        f32(
          Array.from({ length: data.length }, (_, at) => moved(at)),
          shape,
        ),
      ];
    }),
  );

test("samples become windows, a model, an int8 bundle; a round on other pumps makes the next one", async () => {
  const laboratory = recordPump(0, 24);
  expect(laboratory.labels).toHaveLength(239);

  // 4. Features and network are one graph, from raw window to scores: training and serving cannot differ.
  const scaling = fitScaling(laboratory, sensor.channels);
  const untrained = modelGraph(problem, scaling, 1);
  expect(estimate(untrained).parameters).toBeGreaterThan(5000);
  const { parameters, epochs } = await learn(untrained, laboratory, 4);
  expect(epochs.at(-1)?.loss).toBeLessThan(0.5 * Number(epochs[0]?.loss));
  const float = withWeights(untrained, parameters);

  // 5. The int8 graph is the float graph with quantize and dequantize nodes, calibrated on recorded windows.
  const int8 = await quantizeModel(float, laboratory, { open, windowsMax: 64 });
  const inLaboratory = await accuracyOf(float, laboratory);
  expect(inLaboratory).toBeGreaterThan(0.9);
  expect(await accuracyOf(int8, laboratory)).toBeGreaterThan(inLaboratory - 0.02);

  // 6. A bundle is what is released: a manifest that names blobs by their hash, both graphs, golden windows.
  const {
    manifest,
    manifestBytes,
    sha256: identity,
  } = await buildRelease(
    {
      ...{ problem, float, int8, line: "pumps", version: 1, parent: null, metrics: {} },
      pipeline: pipelineOf(problem, scaling),
      examples: laboratory,
      profile: utf8("{}"),
      lineage: {
        problem: await sha256(utf8(pumpProblem)),
        data: [],
        code: "tour",
        seed: 1,
        rounds: [],
      },
    },
    { blobs, open },
  );
  expect(parseManifest(manifestBytes)).toEqual(manifest);
  expect(identity).toBe(await sha256(manifestBytes));
  expect(bundleBytes(manifest)).toBeLessThan(problem.constraints.bundleBytesMax);
  const served = await loadGraph(manifest, blobs, "int8");
  expect(encodeOnnx(served).length).toBeGreaterThan(0);

  // 7. A round: pumps that the laboratory never saw learn from their own windows and send differences, no samples.
  const field = [1, 2, 3].map((index) => recordPump(index, 24));
  const base = weightsOf(float);
  const updates = await Promise.all(
    field.map(async (own) => ({
      weight: own.labels.length,
      update: difference((await learn(float, own, 2)).parameters, base),
    })),
  );

  // 8. Sums are exact on the plan's grid: neither the order of updates nor a restart in between changes a bit.
  const strategy = fedAvg({ valueMax: 16, weightMax: 1000, cohortMax: 16 });
  const mean = (order: typeof updates): Tensors => {
    const state = strategy.init(base);
    const sum = strategy.begin(state);
    for (const { update, weight } of order) strategy.add(sum, update, weight);
    return strategy.finish(state, sum).model;
  };
  const next = mean(updates);
  expect(mean(updates.toReversed())).toEqual(next);

  // 9. The next model knows the field better, and its graph is the released one: only weights will travel.
  const improved = withWeights(float, next);
  const inField = async (graph: Graph): Promise<number> => {
    let sum = 0;
    for (const own of field) sum += await accuracyOf(graph, own);
    return sum / field.length;
  };
  expect(await inField(improved)).toBeGreaterThan((await inField(float)) + 0.02);
});
