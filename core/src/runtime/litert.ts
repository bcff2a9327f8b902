import type { Tensor, Tensors } from "../graph/tensor.ts";
import { EdgeloopError, messageOf } from "../platform/errors.ts";
import { runError } from "./runtime-errors.ts";
import type { Session } from "./session.ts";
import type { TfliteEngine } from "./tflite-engine.ts";
import { customOperatorError, tfliteModelError } from "./tflite-errors.ts";
import type { TfliteFile } from "./tflite-file.ts";
import { readTfliteFile } from "./tflite-file.ts";
import type { TfliteProgram } from "./tflite-program.ts";
import { copyIn, copyOut } from "./tflite-program.ts";
import { tfliteSession } from "./tflite-session.ts";

type Handle = { delete(): void };
type TensorType = Handle & { bytes(): number };
type TensorBuffer = Handle & {
  /** Gives the address of the elements. */
  lock(mode: object): number;
  unlock(): void;
  packedSize(): number;
};
type LoadedModel = Handle & { getInputTensorType(signature: number, index: number): TensorType };
type CompiledModel = Handle & {
  run(signature: number, inputs: readonly TensorBuffer[]): readonly TensorBuffer[];
};

/** What is in use of @litertjs/core's WebAssembly module: its own JavaScript layer refuses int8 and int16 tensors. */
export type LitertModule = {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
  readonly LiteRtEnvironment: { create(options: null): Handle };
  readonly LiteRtTensorBufferType: { readonly HOST_MEMORY: object };
  readonly LiteRtTensorBufferLockMode: { readonly READ: object; readonly WRITE: object };
  readonly LiteRtTensorBuffer: {
    createManaged(environment: Handle, kind: object, type: TensorType, bytes: number): TensorBuffer;
  };
  loadModel(environment: Handle, address: number, bytes: number): LoadedModel;
  compileModel(environment: Handle, model: LoadedModel, options: object): Promise<CompiledModel>;
};

/**
 * Opens a .tflite model on LiteRT; one thread, shapes as in the file.
 *
 * The engine is this session's own: memory that a model leaves behind goes with it, and so does a heap that aborted.
 *
 * @throws `MODEL_INVALID`, `MODEL_UNSUPPORTED` naming the operator or the variable tensor
 */
export async function openLitert(
  model: Uint8Array,
  engine: TfliteEngine<LitertModule>,
): Promise<Session> {
  const file = readTfliteFile(model);
  refuseSilentGarbage(file);
  try {
    return tfliteSession(await loadProgram(file, engine.module));
  } catch (error) {
    throw tfliteModelError({ backend: "litert", printed: engine.printed, cause: error });
  }
}

/** LiteRT skips operators that it does not know, and what comes out is what was in memory. */
function refuseSilentGarbage({ customOperators, variables, outputs }: TfliteFile): void {
  if (customOperators.length > 0) throw customOperatorError("litert", customOperators);
  const open = outputs.find(({ shape }) => shape?.some((dim) => typeof dim === "string"));
  if (open !== undefined) {
    // It would reserve what the file states, and write beyond it.
    throw new EdgeloopError(
      "MODEL_UNSUPPORTED",
      `LiteRT needs all sizes of output ${open.name} in the file; open the model on the backend tflite`,
      { details: { backend: "litert", output: open.name, shape: open.shape } },
    );
  }
  if (variables.length > 0) {
    throw new EdgeloopError(
      "MODEL_UNSUPPORTED",
      `LiteRT keeps no variable tensors such as ${variables[0]}; open the model on the backend tflite`,
      { details: { backend: "litert", variables } },
    );
  }
}

async function loadProgram(file: TfliteFile, module: LitertModule): Promise<TfliteProgram> {
  const { inputs, outputs, bytes } = file;
  const environment = module.LiteRtEnvironment.create(null);
  const address = module._malloc(bytes.length);
  module.HEAPU8.set(bytes, address);
  const model = module.loadModel(environment, address, bytes.length);
  const compiled = await module.compileModel(environment, model, {
    environment: { liteRtEnvironment: environment },
    accelerator: "wasm",
    cpuOptions: { numThreads: 1 },
    gpuOptions: {},
    webNNOptions: {},
  });
  const buffers = inputs.map((_, index) => {
    const type = model.getInputTensorType(0, index);
    const { HOST_MEMORY } = module.LiteRtTensorBufferType;
    return module.LiteRtTensorBuffer.createManaged(environment, HOST_MEMORY, type, type.bytes());
  });
  const { READ, WRITE } = module.LiteRtTensorBufferLockMode;
  // A view of the heap is made for each use: one that was made before the heap grew has no elements.
  const write = (buffer: TensorBuffer, tensor: Tensor): void => {
    const at = buffer.lock(WRITE);
    copyIn(tensor, module.HEAPU8.subarray(at, at + buffer.packedSize()));
    buffer.unlock();
  };
  const execute = (feeds: Tensors): Tensors => {
    for (const [index, { name }] of inputs.entries()) {
      write(buffers[index] as TensorBuffer, feeds[name] as Tensor);
    }
    const made = compiled.run(0, buffers);
    return Object.fromEntries(
      outputs.map((info, index) => {
        const buffer = made[index] as TensorBuffer;
        const at = buffer.lock(READ);
        const tensor = copyOut(info, module.HEAPU8.subarray(at, at + buffer.packedSize()));
        buffer.unlock();
        buffer.delete();
        return [info.name, tensor];
      }),
    );
  };
  return {
    inputs,
    outputs,
    execute(feeds) {
      try {
        return execute(feeds);
      } catch (error) {
        throw runError({ backend: "litert", text: messageOf(error), cause: error });
      }
    },
    release() {
      try {
        for (const handle of [...buffers, compiled, model, environment]) handle.delete();
        module._free(address);
      } catch {
        // A run that trapped may have left the heap in any state; it goes with the session.
      }
    },
  };
}
