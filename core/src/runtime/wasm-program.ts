import type { OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import { dtypeOfOnnx } from "../graph/dtypes.ts";
import type { Dim, ValueInfo } from "../graph/graph.ts";
import { messageOf } from "../platform/errors.ts";
import { modelError, runError } from "./runtime-errors.ts";
import { valueInfo } from "./value-info.ts";
import { allocText, forgetEngine, lastError } from "./wasm-engine.ts";
import { copyTensor } from "./wasm-tensor.ts";

/** A loaded graph in the runtime's heap: what a session and its loops run. Tensors are handles, values positions. */
export type WasmProgram = {
  readonly module: OrtModule;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * Runs once, in the calling thread.
   *
   * @param handles The inputs' tensors, by position.
   * @param wanted Positions of the outputs to compute.
   * @param targets Tensor to write each wanted output into; 0 lets the runtime make one.
   * @returns The wanted outputs' tensors.
   * @throws `RUN_FAILED`
   */
  execute(
    handles: readonly number[],
    wanted: readonly number[],
    targets: readonly number[],
  ): readonly number[];
  release(): void;
};

type Value = { readonly name: number; readonly info: ValueInfo };

const optimizeAll = 99;
const severityFatal = 4;

/**
 * Loads a model's bytes into the module.
 *
 * @throws `MODEL_INVALID`, `MODEL_UNSUPPORTED`
 */
export async function loadProgram(module: OrtModule, model: Uint8Array): Promise<WasmProgram> {
  const session = await createSession(module, model);
  const [inputCount, outputCount] = counts(module, session);
  const values = Array.from({ length: inputCount + outputCount }, (_, index) =>
    valueAt(module, session, index),
  );
  const inputs = values.slice(0, inputCount);
  const outputs = values.slice(inputCount);
  // One table of addresses a session: input names, input tensors, output names, output tensors.
  const table = module._malloc(8 * (inputCount + outputCount + 1));
  const [inputTensors, outputNames] = [table + 4 * inputCount, table + 8 * inputCount];
  const outputTensors = outputNames + 4 * outputCount;
  for (const [index, { name }] of inputs.entries()) module.HEAPU32[(table >> 2) + index] = name;
  const passed = passedThrough(inputs, outputs);
  const run = (count: number): number =>
    module._OrtRun(session, table, inputTensors, inputCount, outputNames, count, outputTensors, 0);

  return {
    module,
    inputs: inputs.map(({ info }) => info),
    outputs: outputs.map(({ info }) => info),
    execute(handles, wanted, targets) {
      const words = module.HEAPU32;
      for (let at = 0; at < inputCount; at += 1) words[(inputTensors >> 2) + at] = handles[at] ?? 0;
      for (let at = 0; at < wanted.length; at += 1) {
        words[(outputNames >> 2) + at] = outputs[wanted[at] ?? 0]?.name ?? 0;
        words[(outputTensors >> 2) + at] = targets[at] ?? 0;
      }
      guarded(module, () => run(wanted.length));
      module.getValue(table, "i8"); // Another thread may have grown the heap: this makes the views current.
      const made: number[] = [];
      const results = module.HEAPU32;
      for (let at = 0; at < wanted.length; at += 1) {
        made.push(results[(outputTensors >> 2) + at] ?? 0);
      }
      if (passed.size > 0) pass(module, passed, { handles, wanted, targets });
      return made;
    },
    release() {
      module._OrtReleaseSession(session);
      module._free(table);
      for (const { name } of values) module._OrtFree(name);
    },
  };
}

/** Outputs that are inputs of the graph, to their positions: the runtime does not write these where it is told to. */
function passedThrough(
  inputs: readonly Value[],
  outputs: readonly Value[],
): ReadonlyMap<number, number> {
  const positions = new Map(inputs.map(({ info }, input) => [info.name, input]));
  return new Map(
    outputs.flatMap(({ info }, output) => {
      const input = positions.get(info.name);
      return input === undefined ? [] : [[output, input] as const];
    }),
  );
}

/** Writes those outputs where they were to be written. */
function pass(
  module: OrtModule,
  passed: ReadonlyMap<number, number>,
  run: Readonly<Record<"handles" | "wanted" | "targets", readonly number[]>>,
): void {
  for (const [at, output] of run.wanted.entries()) {
    const input = passed.get(output);
    const target = run.targets[at] ?? 0;
    if (input !== undefined && target !== 0) copyTensor(module, run.handles[input] ?? 0, target);
  }
}

/** Runs a call of the module; a trap (out of memory, an abort) ends that module. */
function guarded(module: OrtModule, call: () => number): void {
  let status: number;
  try {
    status = call();
  } catch (error) {
    forgetEngine(module);
    throw runError({ backend: "wasm", text: messageOf(error), cause: error });
  }
  if (status !== 0) throw runError({ backend: "wasm", text: lastError(module) });
}

async function createSession(module: OrtModule, model: Uint8Array): Promise<number> {
  const id = allocText(module, "edgeloop");
  const options = module._OrtCreateSessionOptions(
    optimizeAll,
    true, // memory arena
    // With a memory pattern a second run lays all buffers out anew, beside those of the first: measured up to a
    // quarter more memory, no time.
    false,
    0, // sequential
    false, // no profile
    0,
    id,
    severityFatal,
    0,
    0, // the optimised model is written nowhere
  );
  const bytes = module._malloc(model.length);
  try {
    if (bytes === 0) throw modelError({ backend: "wasm", text: "no memory for the model" });
    module.HEAPU8.set(model, bytes);
    const session = await module._OrtCreateSession(bytes, model.length, options);
    if (session === 0) throw modelError({ backend: "wasm", text: lastError(module) });
    return session;
  } finally {
    module._free(bytes);
    module._OrtReleaseSessionOptions(options);
    module._free(id);
  }
}

function counts(module: OrtModule, session: number): readonly [inputs: number, outputs: number] {
  const stack = module.stackSave();
  const at = module.stackAlloc(8);
  module._OrtGetInputOutputCount(session, at, at + 4);
  const found = [module.getValue(at, "i32"), module.getValue(at + 4, "i32")] as const;
  module.stackRestore(stack);
  return found;
}

function valueAt(module: OrtModule, session: number, index: number): Value {
  const stack = module.stackSave();
  const at = module.stackAlloc(8);
  module._OrtGetInputOutputMetadata(session, index, at, at + 4);
  const name = module.getValue(at, "*");
  const type = module.getValue(at + 4, "*");
  module.stackRestore(stack);
  // Element type, rank, then a name (or 0) and a size (or -1) for each dimension.
  const words = module.HEAP32.subarray(type >> 2);
  const [code = 0, rank = 0] = words;
  const shape = Array.from({ length: rank }, (_, axis): Dim => {
    const symbol = words[2 + axis] ?? 0;
    return symbol === 0 ? (words[2 + rank + axis] ?? 0) : module.UTF8ToString(symbol);
  });
  if (type !== 0) module._OrtFree(type);
  const info = valueInfo(module.UTF8ToString(name), dtypeOfOnnx(code), shape);
  return { name, info };
}
