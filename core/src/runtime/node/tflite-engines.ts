import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { compileFunction } from "node:vm";
import { EdgeloopError } from "../../platform/errors.ts";
import type { LitertModule, TfliteEngine } from "../litert.ts";
import type { TfliteModule } from "../tflite.ts";
import { backends, installLine } from "./backends.ts";
import type { Wasm } from "./compiled-wasm.ts";
import { wasm } from "./compiled-wasm.ts";

type Factory<Module> = (options: {
  instantiateWasm(imports: object, done: (instance: object, module: object) => void): object;
  print(line: string): void;
  printErr(line: string): void;
}) => Promise<Module>;

/** A package's engine as it is loaded once for a thread: its JavaScript, and its compiled code. */
export type LoadedEngine<Module> = { readonly factory: Factory<Module>; readonly compiled: object };

const resolver = createRequire(import.meta.url);

/** What is printed after so many lines is of no use to anyone. */
const printedLinesMax = 200;

/** Starts a LiteRT engine, in about 5 ms once it is compiled. @throws `BACKEND_UNAVAILABLE` */
export const litertEngine = (
  load: () => Promise<LoadedEngine<LitertModule>> = loadLitert,
): Promise<TfliteEngine<LitertModule>> => start(load, "litert");

/** Starts a TensorFlow Lite engine. @throws `BACKEND_UNAVAILABLE` */
export const tfliteEngine = (
  load: () => Promise<LoadedEngine<TfliteModule>> = loadTflite,
): Promise<TfliteEngine<TfliteModule>> => start(load, "tflite");

async function start<Module>(
  load: () => Promise<LoadedEngine<Module>>,
  backend: "litert" | "tflite",
): Promise<TfliteEngine<Module>> {
  const { factory, compiled } = await load().catch((error: unknown) => {
    throw unavailable(backend, error);
  });
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

let litert: Promise<LoadedEngine<LitertModule>> | undefined;
function loadLitert(): Promise<LoadedEngine<LitertModule>> {
  litert ??= Promise.try(async () => {
    const stem = join(dirname(resolver.resolve("@litertjs/core")), "../wasm", litertBuild());
    const source = await readFile(`${stem}.js`, "utf8");
    // The file is of the CommonJS kind inside a package that says all its files are modules: `require` would refuse it.
    const holder: { exports: unknown } = { exports: {} };
    const names = ["module", "exports", "require", "__filename", "__dirname"];
    const define = compileFunction(source, names, { filename: `${stem}.js` });
    define(holder, holder.exports, resolver, `${stem}.js`, dirname(stem));
    return {
      factory: holder.exports as Factory<LitertModule>,
      compiled: await wasm.compile(await readFile(`${stem}.wasm`)),
    };
  });
  return litert;
}

let tflite: Promise<LoadedEngine<TfliteModule>> | undefined;
function loadTflite(): Promise<LoadedEngine<TfliteModule>> {
  tflite ??= Promise.try(async () => {
    const stem = "@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd";
    const factory: Factory<TfliteModule> = resolver(`${stem}.js`);
    const bytes = await readFile(resolver.resolve(`${stem}.wasm`));
    return { factory, compiled: await wasm.compile(bytes) };
  });
  return tflite;
}

function unavailable(backend: "litert" | "tflite", cause: unknown): EdgeloopError {
  const { package: name } = backends[backend];
  return new EdgeloopError(
    "BACKEND_UNAVAILABLE",
    `${name} does not load here; install it with \`${installLine(backend)}\`, or use wasm`,
    { cause },
  );
}
