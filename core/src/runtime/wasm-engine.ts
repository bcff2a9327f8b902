/// <reference path="./ort-wasm.d.ts" preserve="true" />
import type { OrtModule, OrtModuleOptions } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import { EdgeloopError, messageOf } from "../platform/errors.ts";

/** Where a runtime's heap comes from. */
export type EngineOptions = {
  readonly threads: number;
  /** Instantiates code that was compiled before, once for a process; the package's own loader when absent. */
  readonly instantiate?: NonNullable<OrtModuleOptions["instantiateWasm"]>;
};

// Fatal only: errors come back as codes and texts, and must not be printed on top.
const severity = 4;
const engines = new Map<number, Promise<OrtModule>>();

/**
 * Loads the runtime's WebAssembly module; once per thread of the process and number of threads.
 *
 * @throws `ENGINE_MISMATCH` when the installed package has another internal interface.
 */
export function loadEngine(options: EngineOptions): Promise<OrtModule> {
  const known = engines.get(options.threads);
  if (known !== undefined) return known;
  const engine = start(options);
  engines.set(options.threads, engine);
  engine.catch(() => engines.delete(options.threads));
  return engine;
}

/** Drops a module that aborted, so that the next session gets a fresh heap. */
export function forgetEngine(module: OrtModule): void {
  for (const [threads, engine] of engines) {
    engine.then(
      (other) => {
        if (other === module) engines.delete(threads);
      },
      () => engines.delete(threads),
    );
  }
}

/** Reads the text of the last error. */
export function lastError(module: OrtModule): string {
  const stack = module.stackSave();
  const at = module.stackAlloc(8);
  module._OrtGetLastError(at, at + 4);
  const text = module.getValue(at + 4, "*");
  module.stackRestore(stack);
  return text === 0 ? "no error text" : module.UTF8ToString(text);
}

/** Copies a string into the heap; the caller frees it. */
export function allocText(module: OrtModule, text: string): number {
  const bytes = module.lengthBytesUTF8(text) + 1;
  const at = module._malloc(bytes);
  module.stringToUTF8(text, at, bytes);
  return at;
}

async function start({ threads, instantiate }: EngineOptions): Promise<OrtModule> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "Worker");
  try {
    const { default: factory } = await import("onnxruntime-web/ort-wasm-simd-threaded.mjs");
    const module = await factory({
      numThreads: threads,
      ...(instantiate === undefined ? {} : { instantiateWasm: instantiate }),
    });
    if (calls.some((name) => typeof module[name] !== "function")) throw mismatch(undefined);
    if (module._OrtInit(threads, severity) !== 0) throw mismatch(lastError(module));
    return module;
  } catch (error) {
    if (error instanceof EdgeloopError) throw error;
    throw mismatch(messageOf(error), error);
  } finally {
    // The module sets a global `Worker` in Node, by which other packages take Node for a browser.
    if (threads === 1) restoreWorker(before);
  }
}

const calls = [
  "_OrtInit",
  "_OrtGetLastError",
  "_OrtCreateSessionOptions",
  "_OrtCreateSession",
  "_OrtGetInputOutputCount",
  "_OrtGetInputOutputMetadata",
  "_OrtCreateTensor",
  "_OrtGetTensorData",
  "_OrtReleaseTensor",
  "_OrtRun",
  "_malloc",
  "_free",
] as const satisfies readonly (keyof OrtModule)[];

function restoreWorker(before: PropertyDescriptor | undefined): void {
  if (before === undefined) Reflect.deleteProperty(globalThis, "Worker");
  else Object.defineProperty(globalThis, "Worker", before);
}

const mismatch = (text: string | undefined, cause?: unknown): EdgeloopError =>
  new EdgeloopError(
    "ENGINE_MISMATCH",
    "onnxruntime-web's module does not load as version 1.30.0 does; install that version",
    { details: { text }, cause },
  );
