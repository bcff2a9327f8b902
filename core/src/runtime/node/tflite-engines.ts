import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { compileFunction } from "node:vm";
import { EdgeloopError } from "../../platform/errors.ts";
import type { LitertModule } from "../litert.ts";
import type { TfliteModule } from "../tflite.ts";
import type { EngineFactory, LoadedEngine, TfliteEngine } from "../tflite-engine.ts";
import { litertBuild, startTfliteEngine } from "../tflite-engine.ts";
import { wasm } from "../webassembly.ts";
import { backends, installLine } from "./backends.ts";

const resolver = createRequire(import.meta.url);

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
  const loaded = await load().catch((error: unknown) => {
    throw unavailable(backend, error);
  });
  return await startTfliteEngine(loaded);
}

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
      factory: holder.exports as EngineFactory<LitertModule>,
      compiled: await wasm.compile(await readFile(`${stem}.wasm`)),
    };
  });
  return litert;
}

let tflite: Promise<LoadedEngine<TfliteModule>> | undefined;
function loadTflite(): Promise<LoadedEngine<TfliteModule>> {
  tflite ??= Promise.try(async () => {
    const stem = "@tensorflow/tfjs-tflite/wasm/tflite_web_api_cc_simd";
    const factory: EngineFactory<TfliteModule> = resolver(`${stem}.js`);
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
