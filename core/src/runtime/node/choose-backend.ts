import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import type { Tensors } from "../../graph/tensor.ts";
import { utf8 } from "../../platform/bytes.ts";
import { messageOf } from "../../platform/errors.ts";
import { writeFileAtomic } from "../../platform/node/atomic-file.ts";
import { sha256 } from "../../platform/sha256.ts";
import { largestDifference } from "../difference.ts";
import type { Model } from "../model.ts";
import { encodeModel } from "../model.ts";
import type { Backend, Session } from "../session.ts";
import { tryNative } from "./native-state.ts";
import { openEncoded } from "./open.ts";
import { packageVersion } from "./package-version.ts";
import type { NativeProbe } from "./probe.ts";
import { probeNative } from "./probe.ts";

/** Which backend a model runs on here, and why. */
export type BackendChoice = {
  readonly backend: Backend;
  /** One sentence for people. */
  readonly why: string;
  /** Median time of a run, in microseconds, of what was measured. */
  readonly medianUs: Readonly<Partial<Record<Backend, number>>>;
};

/** What a choice is made from. */
export type ChooseOptions = {
  /** Feeds of realistic data, at least one: int8 kernels are faster on constant data than on real data. */
  readonly golden: readonly Tensors[];
  readonly threads?: number;
  /** Where choices are remembered, by graph, package versions, processor and threads. */
  readonly memoryFile?: string;
  /** Where crashes of native code are counted. */
  readonly stateFile?: string;
  /** How sessions are opened and native code is probed; for tests. */
  readonly open?: (backend: Backend) => Promise<Session>;
  readonly probe?: () => Promise<NativeProbe>;
};

/**
 * How far native may be from wasm, relative to an output's largest value: two int8 steps, as kernels round differently.
 */
export const differenceMax = 0.02;

/** Native has to be this much faster to be chosen: it can take a process down, wasm cannot. */
export const speedupMin = 1.1;

const rounds = 9;

/**
 * Chooses a backend: verifies native against wasm on golden inputs, measures both, remembers.
 *
 * Takes the calling thread for some tens of runs; call it when the gateway is idle.
 */
export async function chooseBackend(model: Model, options: ChooseOptions): Promise<BackendChoice> {
  const encoded = encodeModel(model);
  const { threads = 1, memoryFile } = options;
  const key = await memoryKey(encoded.bytes, threads);
  const known = memoryFile === undefined ? {} : await readChoices(memoryFile);
  const remembered = known[key];
  if (remembered !== undefined) return remembered;
  const open = options.open ?? ((backend) => openEncoded(encoded, { backend, threads }));
  const choice = await decide({ ...options, open });
  if (memoryFile !== undefined) {
    const choices = { ...known, [key]: choice };
    await writeFileAtomic(memoryFile, utf8(JSON.stringify({ format: 1, choices })));
  }
  return choice;
}

type Decision = ChooseOptions & Required<Pick<ChooseOptions, "open">>;

async function decide(options: Decision): Promise<BackendChoice> {
  const { stateFile } = options;
  const probe = await (
    options.probe ?? (() => probeNative(stateFile === undefined ? {} : { stateFile }))
  )();
  if (probe.kind === "unavailable") {
    return { backend: "wasm", why: `native is not available: ${probe.reason}`, medianUs: {} };
  }
  const compare = (): Promise<BackendChoice> => compareBackends(options);
  return stateFile === undefined ? await compare() : await tryNative(stateFile, compare);
}

async function compareBackends({ open, golden }: Decision): Promise<BackendChoice> {
  const wasm = await open("wasm");
  try {
    const expected: Tensors[] = [];
    for (const feeds of golden) expected.push(await wasm.run(feeds));
    return await judgeNative({ open, golden }, wasm, expected);
  } finally {
    await wasm.dispose();
  }
}

async function judgeNative(
  { open, golden }: Decision,
  wasm: Session,
  expected: readonly Tensors[],
): Promise<BackendChoice> {
  let native: Session | undefined;
  try {
    native = await open("native");
    let difference = 0;
    for (const [at, feeds] of golden.entries()) {
      difference = Math.max(
        difference,
        largestDifference(expected[at] ?? {}, await native.run(feeds)),
      );
    }
    if (difference <= differenceMax) {
      return fasterOf(await measure({ wasm, native }, golden), difference);
    }
    const why = `native differs from wasm by ${difference.toPrecision(2)} of the largest output`;
    return { backend: "wasm", why, medianUs: {} };
  } catch (error) {
    return { backend: "wasm", why: `native failed: ${messageOf(error)}`, medianUs: {} };
  } finally {
    await native?.dispose();
  }
}

type Medians = Readonly<Record<Backend, number>>;

/** Takes turns, so that a busy moment of the machine hits both. */
async function measure(
  sessions: Readonly<Record<Backend, Session>>,
  golden: readonly Tensors[],
): Promise<Medians> {
  const timesUs: Record<Backend, number[]> = { wasm: [], native: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const backend of ["wasm", "native"] as const) {
      for (const feeds of golden) {
        const startMs = performance.now();
        await sessions[backend].run(feeds);
        timesUs[backend].push((performance.now() - startMs) * 1000);
      }
    }
  }
  return { wasm: median(timesUs.wasm), native: median(timesUs.native) };
}

function fasterOf(medianUs: Medians, difference: number): BackendChoice {
  const ratio = medianUs.wasm / medianUs.native;
  const fast = ratio >= speedupMin;
  const times = `${medianUs.native.toFixed(0)} against ${medianUs.wasm.toFixed(0)} us a run`;
  const why = `native is ${ratio.toFixed(1)} times as fast as wasm (${times}), results within ${difference.toPrecision(1)}`;
  return { backend: fast ? "native" : "wasm", why, medianUs };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

async function memoryKey(model: Uint8Array, threads: number): Promise<string> {
  const versions = [
    await packageVersion("onnxruntime-web"),
    await packageVersion("onnxruntime-node"),
  ];
  const parts = [await sha256(model), ...versions, cpus()[0]?.model, threads];
  return parts.map((part) => part ?? "none").join(" | ");
}

async function readChoices(path: string): Promise<Readonly<Record<string, BackendChoice>>> {
  try {
    const { format, choices } = JSON.parse(await readFile(path, "utf8"));
    return format === 1 ? choices : {};
  } catch {
    // A memory that is absent or damaged costs one more measurement.
    return {};
  }
}
