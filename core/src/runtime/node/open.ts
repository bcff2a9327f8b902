import { unreachable } from "../../platform/errors.ts";
import { openLitert } from "../litert.ts";
import type { EncodedModel, Model } from "../model.ts";
import { encodeModelFor } from "../model-for.ts";
import { openOnWasm } from "../open.ts";
import type { Session, SessionOptions } from "../session.ts";
import { openTflite } from "../tflite.ts";
import { openWebgpu } from "../webgpu.ts";
import { compiledWasm, instantiateCompiled } from "./compiled-wasm.ts";
import { openNative } from "./native.ts";
import { litertEngine, tfliteEngine } from "./tflite-engines.ts";
import { provideGpu } from "./webgpu-device.ts";

/**
 * Opens a model in the calling thread; `run` blocks it, so that a daemon opens its models in a worker instead.
 *
 * @throws `MODEL_INVALID`, `MODEL_UNSUPPORTED`, `BACKEND_UNAVAILABLE` when the backend's package is not installed.
 */
export const openSession = (model: Model, options: SessionOptions): Promise<Session> =>
  Promise.try(() => openEncoded(encodeModelFor(model, options.backend), options));

/** Opens an encoded model. */
export async function openEncoded(
  model: EncodedModel,
  { backend, threads = 1 }: SessionOptions,
): Promise<Session> {
  switch (backend) {
    case "native":
      return await openNative(model, { threads });
    case "wasm":
      return await openOnWasm(model, {
        threads,
        instantiate: instantiateCompiled(await compiledWasm()),
      });
    case "webgpu":
      return await openWebgpu(model, provideGpu);
    case "litert":
      return await openLitert(model.bytes, await litertEngine());
    case "tflite":
      return openTflite(model.bytes, await tfliteEngine());
    default:
      return unreachable(backend);
  }
}
