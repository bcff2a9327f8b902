import type { Graph } from "../../core/src/graph/graph.ts";
import { simplify } from "../../core/src/graph/simplify.ts";
import { seededRng } from "../../core/src/platform/random.ts";
import { calibrate } from "../../core/src/quantize/calibrate.ts";
import { quantize } from "../../core/src/quantize/quantize.ts";
import { openSession } from "../../core/src/runtime/node/open.ts";
import { randomFeeds } from "../../core/src/runtime/random-feeds.ts";
import type { Session } from "../../core/src/runtime/session.ts";
import type { Bench, Figure } from "./bench.ts";
import { fineGrained, interleaved, ratio } from "./bench.ts";
import { keywordCnn, mobileCnn, residualCnn } from "./engine-models.ts";

/** What the project promises of int8 as .tflite over float as ONNX on WASM. */
const overWasmMax = 0.5;

const calibrationRuns = 4;

async function int8Of(float: Graph): Promise<Graph> {
  const rng = seededRng(9);
  const open = (graph: Graph): Promise<Session> => openSession(graph, { backend: "wasm" });
  const batches = Array.from({ length: calibrationRuns }, () => randomFeeds(float.inputs, { rng }));
  return quantize(float, await calibrate(float, { batches, open }));
}

async function figuresOf(model: Graph): Promise<readonly Figure[]> {
  const float = simplify(model);
  const int8 = await int8Of(float);
  const feeds = randomFeeds(model.inputs, { rng: seededRng(10) });
  const sessions = {
    wasm: await openSession(float, { backend: "wasm" }),
    litertFloat: await openSession(float, { backend: "litert" }),
    litert: await openSession(int8, { backend: "litert" }),
    tfliteFloat: await openSession(float, { backend: "tflite" }),
    tflite: await openSession(int8, { backend: "tflite" }),
  };
  const contenders = Object.fromEntries(
    Object.entries(sessions).map(([name, session]) => [name, () => session.run(feeds)]),
  ) as Record<keyof typeof sessions, () => Promise<unknown>>;
  const us = await interleaved(contenders, { ...fineGrained, rounds: 101 });
  for (const session of Object.values(sessions)) await session.dispose();
  return [
    ratio(`${model.name}: int8 on litert over float on wasm`, us.litert, us.wasm, {
      atMost: overWasmMax,
    }),
    ratio(`${model.name}: int8 over float, on litert`, us.litert, us.litertFloat),
    ratio(`${model.name}: int8 over float, on tflite`, us.tflite, us.tfliteFloat),
    { label: `${model.name}: int8 on litert`, value: us.litert, unit: "us" },
    { label: `${model.name}: float on wasm`, value: us.wasm, unit: "us" },
  ];
}

export const bench: Bench = {
  name: "litert",
  about:
    "int8 as .tflite against float as ONNX on wasm, batch 1, one thread; and int8 over float on each engine",
  async run() {
    const figures: Figure[] = [];
    for (const model of [keywordCnn(), residualCnn([0, 0, 1, 1]), mobileCnn()]) {
      figures.push(...(await figuresOf(model)));
    }
    return figures;
  },
};
