import type * as ort from "onnxruntime-web";
import { dequantize } from "../graph/dequantize.ts";
import type { Graph } from "../graph/graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { encodeOnnx } from "../graph/onnx-write.ts";
import { padConvChannels } from "../graph/pad-conv-channels.ts";
import { EdgeloopError, messageOf } from "../platform/errors.ts";
import { carriedPairs, disposed } from "./feeds.ts";
import type { EncodedModel } from "./model.ts";
import { openOrtLoop } from "./ort-loop.ts";
import type { OrtProgram, OrtRunnable } from "./ort-program.ts";
import { infosOf, publicRunnable } from "./ort-program.ts";
import { ortSession } from "./ort-session.ts";
import type { OrtApi } from "./ort-tensor.ts";
import { toOrt } from "./ort-tensor.ts";
import { modelError } from "./runtime-errors.ts";
import type { Loop, LoopOptions, Session } from "./session.ts";
import { takeTurns } from "./turns.ts";

/** What makes `navigator.gpu` where there is none, such as Node. */
export type GpuProvider = () => Promise<void>;

/**
 * One run at a time in a process: two that overlap hang Node and crash a tab (onnxruntime-web 1.30).
 */
const turns = takeTurns();

/**
 * Opens a session on WebGPU, through onnxruntime-web's public interface.
 *
 * int8 graphs run as float ones, and convolutions that the kernel computes wrongly are padded first. State of a loop stays
 * on the device.
 *
 * @throws `BACKEND_UNAVAILABLE` without an adapter, `MODEL_INVALID`, `MODEL_UNSUPPORTED`
 */
export async function openWebgpu(model: EncodedModel, provide?: GpuProvider): Promise<Session> {
  await provide?.();
  await requireAdapter();
  const api = await importApi();
  const bytes = encodeOnnx(forWebgpu(readGraph(model.bytes)));
  const create = (onDevice: readonly string[]): Promise<ort.InferenceSession> =>
    turns(() => createSession(api, bytes, onDevice));
  const session = await create([]);
  const program: OrtProgram = {
    feed: (tensor) => toOrt(api, tensor),
    session: inTurns(session),
    backend: "webgpu",
    inputs: model.inputs ?? infosOf(session.inputMetadata),
    outputs: model.outputs ?? infosOf(session.outputMetadata),
  };
  return withDeviceLoops(program, create);
}

function readGraph(bytes: Uint8Array): Graph {
  try {
    return decodeOnnx(bytes);
  } catch (error) {
    throw modelError({ backend: "webgpu", text: messageOf(error), cause: error });
  }
}

/** What WebGPU runs of a graph, and runs rightly. */
export const forWebgpu = (graph: Graph): Graph => padConvChannels(dequantize(graph));

/**
 * Gives each loop a session of its own whose carried outputs stay on the device: where outputs go is a session's matter.
 */
function withDeviceLoops(
  program: OrtProgram,
  create: (onDevice: readonly string[]) => Promise<ort.InferenceSession>,
): Session {
  const base = ortSession(program);
  const loops = new Set<Loop>();
  let open = true;
  // A session can be disposed while the loop's own is made.
  const isClosed = (): boolean => !open;
  return {
    ...base,
    async loop(options: LoopOptions) {
      if (!open) throw disposed("session");
      carriedPairs(program, options);
      const session = inTurns(await create(onDeviceOf(program, options)));
      if (isClosed()) {
        await session.release();
        throw disposed("session");
      }
      const loop = openOrtLoop({ ...program, session }, options, () => {
        loops.delete(loop);
        void session.release();
      });
      loops.add(loop);
      return loop;
    },
    async dispose() {
      if (!open) return;
      open = false;
      for (const loop of loops) await loop.dispose();
      await base.dispose();
    },
  };
}

/** Types of a buffer on the device that the runtime takes back. */
const deviceTypes: readonly string[] = ["float32", "float16", "int32", "uint32", "int64", "bool"];

/** Carried outputs that may stay on the device; others go through memory. */
const onDeviceOf = ({ outputs }: OrtProgram, { carry }: LoopOptions): readonly string[] =>
  carry.flatMap(([output]) => {
    const dtype = outputs.find(({ name }) => name === output)?.dtype ?? "";
    return deviceTypes.includes(dtype) ? [output] : [];
  });

const inTurns = (session: ort.InferenceSession): OrtRunnable => {
  const runnable = publicRunnable(session);
  return {
    run: (feeds, fetches) => turns(() => runnable.run(feeds, fetches)),
    release: () => turns(() => runnable.release()),
    download: (tensor) => turns(async () => void (await tensor.getData())),
  };
};

async function createSession(
  api: OrtApi,
  bytes: Uint8Array,
  onDevice: readonly string[],
): Promise<ort.InferenceSession> {
  try {
    return await api.InferenceSession.create(bytes, {
      executionProviders: ["webgpu"],
      logSeverityLevel: 4,
      preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, "gpu-buffer"])),
    });
  } catch (error) {
    throw modelError({ backend: "webgpu", text: messageOf(error), cause: error });
  }
}

/** Loads the build whose calls wait by JavaScript promise integration where the engine has it: a third faster. */
async function importApi(): Promise<OrtApi> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  try {
    const api: typeof ort = Reflect.has(
      Object(Reflect.get(globalThis, "WebAssembly")),
      "Suspending",
    )
      ? await import("onnxruntime-web/jspi")
      : await import("onnxruntime-web/webgpu");
    api.env.wasm.numThreads = 1;
    api.env.logLevel = "fatal";
    return api;
  } finally {
    if (before !== undefined) Object.defineProperty(globalThis, "Worker", before);
  }
}

type Gpu = { requestAdapter(): Promise<object | null> };

async function requireAdapter(): Promise<void> {
  const gpu = Reflect.get(Object(Reflect.get(globalThis, "navigator")), "gpu") as Gpu | undefined;
  const adapter = await gpu?.requestAdapter();
  if (adapter) return;
  const what = gpu === undefined ? "there is no WebGPU" : "WebGPU finds no adapter (no GPU driver)";
  throw new EdgeloopError("BACKEND_UNAVAILABLE", `${what} here; use wasm`);
}
