import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { EngineOptions } from "../wasm-engine.ts";
import { wasm } from "../webassembly.ts";

let compiled: Promise<object> | undefined;

/**
 * Compiles the runtime's WebAssembly code; once for a process, workers receive the result.
 *
 * @returns A `WebAssembly.Module`, which `postMessage` carries.
 */
export function compiledWasm(): Promise<object> {
  compiled ??= readFile(
    createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
  ).then((bytes) => wasm.compile(bytes));
  return compiled;
}

/** Hands a worker the code that its parent compiled. */
export function adoptCompiledWasm(module: object): void {
  compiled = Promise.resolve(module);
}

/** Makes the runtime's module instantiate compiled code. */
export const instantiateCompiled =
  (module: object): NonNullable<EngineOptions["instantiate"]> =>
  (imports, done) => {
    // Not the asynchronous form: the module would wait for ever for an instance that failed.
    done(new wasm.Instance(module, imports), module);
  };
