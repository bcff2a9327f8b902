import type { Wasm } from "./webassembly.ts";
import { wasm } from "./webassembly.ts";

/** What a package's JavaScript file gives: it starts an instance of the engine's module. */
export type EngineFactory<Module> = (options: {
  instantiateWasm(imports: object, done: (instance: object, module: object) => void): object;
  print(line: string): void;
  printErr(line: string): void;
}) => Promise<Module>;

/** An engine as it is loaded once for a thread: its JavaScript, and its compiled code (a `WebAssembly.Module`). */
export type LoadedEngine<Module> = {
  readonly factory: EngineFactory<Module>;
  readonly compiled: object;
};

/** An instance of an engine's module, for one session, and what it has printed. */
export type TfliteEngine<Module> = { readonly module: Module; readonly printed: string[] };

/** What is printed after so many lines is of no use to anyone. */
const printedLinesMax = 200;

/**
 * Starts an instance of an engine, in Node or in a tab, in about 5 ms. In a tab the factory comes from the package's
 * script file (`litert_wasm_internal.js`, `tflite_web_api_cc_simd.js`), the code from the .wasm file beside it.
 */
export async function startTfliteEngine<Module>({
  factory,
  compiled,
}: LoadedEngine<Module>): Promise<TfliteEngine<Module>> {
  const printed: string[] = [];
  const print = (line: string): void => {
    if (printed.length < printedLinesMax) printed.push(line);
  };
  const module = await factory({
    instantiateWasm(imports, done) {
      const instance = new wasm.Instance(compiled, imports);
      done(instance, compiled);
      return instance.exports;
    },
    print,
    printErr: print,
  });
  return { module, printed };
}

/**
 * A module with one function that uses `i8x16.relaxed_swizzle`: type, function and code section, by hand.
 *
 * @see https://webassembly.github.io/spec/core/binary/instructions.html#vector-instructions
 */
const relaxedSimdProbe = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0xfd, 0x80, 2, 0x0b],
);

/** Names LiteRT's build for this machine: int8 products are relaxed-SIMD instructions where there are any. */
export const litertBuild = (engine: Pick<Wasm, "validate"> = wasm): string =>
  engine.validate(relaxedSimdProbe) ? "litert_wasm_internal" : "litert_wasm_compat_internal";
