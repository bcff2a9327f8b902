import { byteLengthOf } from "../graph/dtypes.ts";
import type { ValueInfo } from "../graph/graph.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { bytesOf } from "../platform/bytes.ts";
import { EdgeloopError, messageOf } from "../platform/errors.ts";
import { runError } from "./runtime-errors.ts";
import type { Session } from "./session.ts";
import type { TfliteEngine } from "./tflite-engine.ts";
import { tfliteModelError } from "./tflite-errors.ts";
import type { TfliteFile } from "./tflite-file.ts";
import { readTfliteFile } from "./tflite-file.ts";
import type { TfliteProgram } from "./tflite-program.ts";
import { copyIn, copyOut } from "./tflite-program.ts";
import { tfliteSession } from "./tflite-session.ts";

type Handle = { delete(): void };
type TensorHandle = Handle & { readonly shape: string; data(): ArrayBufferView };
type Handles = Handle & { size(): number; get(index: number): TensorHandle };
type Runner = { GetInputs(): Handles; GetOutputs(): Handles; Infer(): boolean };
type RunnerStatus = { ok(): boolean; errorMessage(): string; value(): Runner };

/** What is in use of @tensorflow/tfjs-tflite's WebAssembly module. */
export type TfliteModule = {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  readonly TFLiteWebModelRunner: {
    CreateFromBufferAndOptions(address: number, bytes: number, options: object): RunnerStatus;
  };
};

/**
 * Opens a .tflite model on TensorFlow Lite as @tensorflow/tfjs-tflite packs it: the engine for variables and LSTM. It is
 * frozen since 2023 and refuses operator versions that are younger.
 *
 * The engine is this session's own: it gives no model's memory back, so that the whole heap goes with the session.
 *
 * @throws `MODEL_INVALID`, `MODEL_UNSUPPORTED` naming the operator and its version
 */
export function openTflite(model: Uint8Array, engine: TfliteEngine<TfliteModule>): Session {
  const file = readTfliteFile(model);
  const { module, printed } = engine;
  // The model is read from there as long as the runner lives.
  const address = module._malloc(file.bytes.length);
  module.HEAPU8.set(file.bytes, address);
  try {
    const create = module.TFLiteWebModelRunner.CreateFromBufferAndOptions;
    const status = create(address, file.bytes.length, runnerOptions);
    if (!status.ok()) throw new Error(status.errorMessage());
    return tfliteSession(programOf(file, status.value(), printed));
  } catch (error) {
    if (error instanceof EdgeloopError) throw error;
    throw tfliteModelError({ backend: "tflite", printed, cause: error });
  }
}

const isOpen = ({ shape = [] }: ValueInfo): boolean => shape.includes("?");

/** The package tells a shape as text: `1,4420,4`. */
const shapeOf = ({ shape }: TensorHandle): readonly number[] =>
  shape === "" ? [] : shape.split(",").map(Number);

/** The package gives no view of some element types, int64 among them. */
function checkPassed({ name, dtype, shape = [] }: ValueInfo, memory: Uint8Array): void {
  if (isOpen({ name, dtype, shape }) || memory.length === byteLengthOf(dtype, shape.map(Number)))
    return;
  throw new EdgeloopError(
    "MODEL_UNSUPPORTED",
    `@tensorflow/tfjs-tflite does not pass ${dtype} in or out; open the model on the backend litert`,
    { details: { backend: "tflite", value: name, dtype } },
  );
}

const runnerOptions = {
  numThreads: 1,
  enableWebNNDelegate: false,
  webNNDevicePreference: 0,
  enableProfiling: false,
  maxProfilingBufferEntries: 0,
};

function programOf(
  { inputs, outputs }: TfliteFile,
  runner: Runner,
  printed: string[],
): TfliteProgram {
  // Tensors are asked for anew at each run: a model with variables moves them, the old views then lead nowhere.
  const visit = <Info>(
    all: Handles,
    infos: readonly Info[],
    use: (info: Info, memory: Uint8Array, shape: () => readonly number[]) => void,
  ): void => {
    for (const [index, info] of infos.entries()) {
      const handle = all.get(index);
      use(info, bytesOf(handle.data()), () => shapeOf(handle));
      handle.delete();
    }
    all.delete();
  };
  visit(runner.GetInputs(), inputs, checkPassed);
  visit(runner.GetOutputs(), outputs, checkPassed);
  const execute = (feeds: Tensors): Tensors => {
    printed.length = 0;
    visit(runner.GetInputs(), inputs, ({ name }, memory) => copyIn(feeds[name] as Tensor, memory));
    if (!runner.Infer()) throw new Error(printed.join(" "));
    const tensors: Record<string, Tensor> = {};
    visit(runner.GetOutputs(), outputs, (info, memory, shape) => {
      const known = isOpen(info) ? { ...info, shape: shape() } : info;
      tensors[info.name] = copyOut(known, memory);
    });
    return tensors;
  };
  return {
    inputs,
    outputs,
    execute(feeds) {
      try {
        return execute(feeds);
      } catch (error) {
        throw runError({ backend: "tflite", text: messageOf(error), cause: error });
      }
    },
    // The engine goes with the session; nothing else refers to it.
    release: () => undefined,
  };
}
