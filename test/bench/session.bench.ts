import * as ort from "onnxruntime-web";
import type { Graph } from "../../core/src/graph/graph.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import { encodeModel } from "../../core/src/runtime/model.ts";
import { openSession } from "../../core/src/runtime/node/open.ts";
import { nativeAvailable } from "../../core/src/runtime/node/probe.ts";
import type { OrtApi } from "../../core/src/runtime/ort-tensor.ts";
import { toOrt } from "../../core/src/runtime/ort-tensor.ts";
import { loadEngine } from "../../core/src/runtime/wasm-engine.ts";
import { loadProgram } from "../../core/src/runtime/wasm-program.ts";
import { allocTensor, writeTensor } from "../../core/src/runtime/wasm-tensor.ts";
import type { Bench, Contender, Figure } from "./bench.ts";
import { fineGrained, interleaved, ratio } from "./bench.ts";
import { gatewayCnn, trivialModel, windows } from "./bench-models.ts";

/** What a call may cost over the bare runtime, in the thread that owns the session. */
const addedUsMax = 2;
const nativeRatioMax = 1.05;

const feeds = windows(1);
const input = feeds["features"] as Tensor;

/** The module's own run on tensors that are in its heap already, with outputs that stay there: nothing can be below. */
async function bareWasm(graph: Graph): Promise<Contender> {
  const module = await loadEngine({ threads: 1 });
  const program = await loadProgram(module, encodeModel(graph).bytes);
  const there = allocTensor(module, input);
  writeTensor(module, there, input);
  const wanted = graph.outputs.map((_, index) => index);
  return () => {
    for (const handle of program.execute([there.handle], wanted, []))
      module._OrtReleaseTensor(handle);
  };
}

async function bareOrt(api: OrtApi, graph: Graph, backend: "wasm" | "cpu"): Promise<Contender> {
  const session = await api.InferenceSession.create(encodeModel(graph).bytes, {
    executionProviders: [backend],
    intraOpNumThreads: 1,
  });
  return () => session.run({ features: toOrt(api, input) });
}

async function overhead(label: string, graph: Graph): Promise<readonly Figure[]> {
  ort.env.wasm.numThreads = 1;
  const wasm = await openSession(graph, { backend: "wasm" });
  const contenders = {
    session: () => wasm.run(feeds),
    bare: await bareWasm(graph),
    public: await bareOrt(ort, graph, "wasm"),
  };
  const times = await interleaved(contenders, fineGrained);
  const figures: Figure[] = [
    ratio(`${label}: wasm session over the module's bare run`, times.session, times.bare),
    {
      label: `${label}: wasm session, added to the bare run`,
      value: times.session - times.bare,
      unit: "us",
      atMost: addedUsMax,
    },
    ratio(`${label}: wasm session over the package's public run`, times.session, times.public),
  ];
  return (await nativeAvailable())
    ? [...figures, ...(await nativeOverhead(label, graph))]
    : figures;
}

async function nativeOverhead(label: string, graph: Graph): Promise<readonly Figure[]> {
  const native = await openSession(graph, { backend: "native" });
  const contenders = {
    session: () => native.run(feeds),
    bare: await bareOrt(await import("onnxruntime-node"), graph, "cpu"),
  };
  const times = await interleaved(contenders, fineGrained);
  const bound = { atMost: nativeRatioMax };
  return [
    ratio(`${label}: native session over the package's run`, times.session, times.bare, bound),
  ];
}

export const bench: Bench = {
  name: "session",
  about: "what validation, copies and the port cost over the bare runtime call, batch 1",
  run: async () => [
    ...(await overhead("trivial graph", trivialModel())),
    ...(await overhead("1-D CNN", gatewayCnn())),
  ],
};
