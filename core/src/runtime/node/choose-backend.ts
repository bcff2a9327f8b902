import { availableParallelism } from "node:os";
import type { Graph } from "../../graph/graph.ts";
import { decodeOnnx } from "../../graph/onnx-read.ts";
import type { Tensors } from "../../graph/tensor.ts";
import { seededRng } from "../../platform/random.ts";
import type { BackendChoice, Trial } from "../backend-trial.ts";
import { decideBackend } from "../backend-trial.ts";
import type { Model } from "../model.ts";
import { encodeModel } from "../model.ts";
import { encodeModelFor } from "../model-for.ts";
import { randomFeeds } from "../random-feeds.ts";
import type { Backend, Session } from "../session.ts";
import type { Candidate } from "../try-backends.ts";
import { tryBackends } from "../try-backends.ts";
import { backendNames, backends } from "./backends.ts";
import type { ChoiceMemory } from "./choice-memory.ts";
import { choiceKey } from "./choice-memory.ts";
import { tryNative } from "./native-state.ts";
import { openEncoded } from "./open.ts";
import type { Availability } from "./probe.ts";

/** What a choice is made from. */
export type ChooseOptions = {
  /** Feeds of realistic data, on which results are compared; random ones when absent. */
  readonly golden?: readonly Tensors[];
  /** The same function as a .tflite file, for the backends that run those; written from the model when absent. */
  readonly tflite?: Uint8Array;
  /** The most threads that a run may use; 1 when absent. */
  readonly threads?: number;
  readonly memory?: ChoiceMemory;
  /** Where crashes of native code are counted. */
  readonly stateFile?: string;
  /** How sessions are opened and backends are probed; for tests. */
  readonly open?: (backend: Backend, threads: number) => Promise<Session>;
  readonly probe?: (backend: Backend) => Promise<Availability>;
};

/** How far a float result may be from wasm's, relative to an output's largest value: sums in another order. */
export const floatDifferenceMax = 1e-3;

/** The same for a quantized model: two int8 steps, as kernels round differently. */
export const differenceMax = 0.02;

/** Any; a choice on random data is made once, on the same data everywhere. */
const seed = 20_260_101;

/**
 * Chooses a backend: verifies each one that is here against wasm on golden inputs, drops what is wrong, measures the
 * others, remembers.
 *
 * Takes the calling thread for some tens of runs; call it when the gateway is idle. Until then a model runs on `wasm`.
 *
 * @throws What opening or running the model on wasm throws.
 */
export async function chooseBackend(
  model: Model,
  options: ChooseOptions = {},
): Promise<BackendChoice> {
  const { threads = 1, memory } = options;
  const key = await choiceKey(encodeModel(model).bytes, threads);
  const remembered = await memory?.read(key);
  if (remembered !== undefined) return remembered;
  const choice = decideBackend(await tryAll(model, options));
  await memory?.write(key, choice);
  return choice;
}

/**
 * Lists what may run a model: each backend with one thread, those that take more with two, four and so on.
 *
 * @param threads The most; no more than the machine has cores.
 */
export function candidatesOf(
  threads: number,
): readonly { readonly backend: Backend; readonly threads: number }[] {
  const most = Math.min(threads, availableParallelism());
  return backendNames.flatMap((backend) => {
    const counts = [1];
    for (let count = 2; backends[backend].isThreaded && count <= most; count *= 2) {
      counts.push(count);
    }
    return counts.map((count) => ({ backend, threads: count }));
  });
}

async function tryAll(model: Model, options: ChooseOptions): Promise<readonly Trial[]> {
  const { tflite, threads = 1, stateFile } = options;
  const open = options.open ?? ((backend, count) => openAs(model, { tflite, backend, count }));
  const probe = options.probe ?? ((backend) => backends[backend].probe(probeOptions(stateFile)));
  const found = new Map<Backend, Availability>([["wasm", { kind: "available" }]]);
  const missing: Trial[] = [];
  const candidates: Candidate[] = [];
  for (const one of candidatesOf(threads)) {
    const known = found.get(one.backend);
    const availability = known ?? (await probe(one.backend));
    found.set(one.backend, availability);
    if (availability.kind === "available") {
      candidates.push({ ...one, open: () => open(one.backend, one.threads) });
    } else if (known === undefined) {
      missing.push({ ...one, kind: "unavailable", why: availability.reason });
    }
  }
  const [reference, ...others] = candidates;
  if (reference === undefined) return missing;
  const golden = options.golden ?? [await randomOf(reference)];
  const work = (): Promise<readonly Trial[]> =>
    tryBackends(reference, others, {
      golden,
      differenceMax: differenceLimitOf(model),
      rng: seededRng(seed),
      nowUs: () => performance.now() * 1000,
    });
  const hasNative = found.get("native")?.kind === "available";
  const tried =
    hasNative && stateFile !== undefined ? await tryNative(stateFile, work) : await work();
  return [...tried, ...missing];
}

const probeOptions = (stateFile: string | undefined): { readonly stateFile?: string } =>
  stateFile === undefined ? {} : { stateFile };

function openAs(
  model: Model,
  {
    tflite,
    backend,
    count,
  }: {
    readonly tflite: Uint8Array | undefined;
    readonly backend: Backend;
    readonly count: number;
  },
): Promise<Session> {
  const source = backends[backend].runs === "tflite" ? (tflite ?? graphOf(model)) : model;
  return openEncoded(encodeModelFor(source, backend), { backend, threads: count });
}

/** A graph is written as a .tflite file for the engines of such; what that cannot say they do not run. */
const graphOf = (model: Model): Graph => (model instanceof Uint8Array ? decodeOnnx(model) : model);

async function randomOf({ open }: Candidate): Promise<Tensors> {
  const session = await open();
  try {
    return randomFeeds(session.inputs, { rng: seededRng(seed) });
  } finally {
    await session.dispose();
  }
}

/** Tells how far a backend may be from wasm on a model, relative to the largest output. */
export const differenceLimitOf = (model: Model): number =>
  isQuantized(model) ? differenceMax : floatDifferenceMax;

/** Tells whether a graph computes with integers in place of floats; what cannot be read here may. */
function isQuantized(model: Model): boolean {
  try {
    const { nodes } = model instanceof Uint8Array ? decodeOnnx(model) : model;
    return nodes.some(({ op }) => /Quantize|Integer|QLinear/.test(op));
  } catch {
    return true;
  }
}
