import type { Graph } from "../../core/src/graph/graph.ts";
import { simplify } from "../../core/src/graph/simplify.ts";
import type { Tensors } from "../../core/src/graph/tensor.ts";
import { seededRng } from "../../core/src/platform/random.ts";
import { calibrate } from "../../core/src/quantize/calibrate.ts";
import { quantize } from "../../core/src/quantize/quantize.ts";
import { openSession } from "../../core/src/runtime/node/open.ts";
import { nativeAvailable } from "../../core/src/runtime/node/probe.ts";
import { probeGpu } from "../../core/src/runtime/node/webgpu-device.ts";
import { randomFeeds } from "../../core/src/runtime/random-feeds.ts";
import type { Backend, Session } from "../../core/src/runtime/session.ts";
import type { Bench, Figure } from "./bench.ts";
import { fineGrained, interleaved, ratio } from "./bench.ts";
import { activityCnn, keywordCnn, perceptron, residualCnn } from "./engine-models.ts";

const models = { activityCnn, perceptron, keywordCnn, residualCnn } as const;
const batches = 8;

/** The float graph as it is served, and the int8 one that is made of it. */
async function pair(model: Graph): Promise<{ readonly float: Graph; readonly int8: Graph }> {
  const float = simplify(model);
  const rng = seededRng(9);
  const open = (graph: Graph): Promise<Session> => openSession(graph, { backend: "wasm" });
  const data = Array.from({ length: batches }, () => randomFeeds(float.inputs, { rng }));
  const ranges = await calibrate(float, { batches: data, open });
  return { float, int8: quantize(float, ranges) };
}

async function figuresOn(backend: Backend, model: Graph): Promise<readonly Figure[]> {
  const graphs = await pair(model);
  const feeds: Tensors = randomFeeds(model.inputs, { rng: seededRng(10) });
  const float = await openSession(graphs.float, { backend });
  const int8 = await openSession(graphs.int8, { backend });
  const times = await interleaved(
    { float: () => float.run(feeds), int8: () => int8.run(feeds) },
    { ...fineGrained, rounds: 61 },
  );
  await float.dispose();
  await int8.dispose();
  const label = `${model.name} on ${backend}`;
  return [
    ratio(`${label}: int8 over float`, times.int8, times.float),
    { label: `${label}: float`, value: times.float, unit: "us" },
  ];
}

export const bench: Bench = {
  name: "precision",
  about: "time of an int8 graph over its float graph, batch 1, one thread; above 1 int8 is slower",
  async run() {
    const figures: Figure[] = [];
    const backends: Backend[] = (await nativeAvailable()) ? ["wasm", "native"] : ["wasm"];
    for (const backend of backends) {
      for (const model of Object.values(models)) {
        figures.push(...(await figuresOn(backend, model())));
      }
    }
    // One is enough: what runs there is float either way.
    if ((await probeGpu()).kind === "available") {
      figures.push(...(await figuresOn("webgpu", perceptron())));
    }
    return figures;
  },
};
