import { EdgeloopError, hasCode } from "../platform/errors.ts";
import type { EncodedModel, Model } from "./model.ts";
import { encodeModel } from "./model.ts";
import type { Session, SessionOptions } from "./session.ts";
import { openWasm } from "./wasm.ts";
import type { EngineOptions } from "./wasm-engine.ts";

/**
 * Opens a model in the calling thread, in Node or in a browser tab.
 *
 * The runtime's module is driven directly; where its internal interface is not the expected one, through the package's
 * public interface, which copies more.
 *
 * @throws `MODEL_INVALID`, `MODEL_UNSUPPORTED`, `BACKEND_UNAVAILABLE` for `webgpu` without an adapter, and for what only
 * `runtime/node` opens.
 */
export async function openSession(model: Model, options: SessionOptions): Promise<Session> {
  if (options.backend === "webgpu") {
    // Apart, so that who does not use it does not load what it needs.
    const { openWebgpu } = await import("./webgpu.ts");
    return await openWebgpu(encodeModel(model));
  }
  if (options.backend !== "wasm") {
    throw new EdgeloopError(
      "BACKEND_UNAVAILABLE",
      `this opens wasm and webgpu; ${options.backend} is opened by @edgeloop/core/runtime/node`,
    );
  }
  const { threads = 1 } = options;
  return await openOnWasm(encodeModel(model), { threads });
}

/** How a session on WebAssembly is opened. */
export type WasmOptions = Partial<EngineOptions>;

/** Opens a model on WebAssembly, directly if possible. */
export async function openOnWasm(
  model: EncodedModel,
  { threads = 1, ...rest }: WasmOptions,
): Promise<Session> {
  try {
    return await openWasm(model, { threads, ...rest });
  } catch (error) {
    if (!hasCode(error, "ENGINE_MISMATCH")) throw error;
    // Apart, as it is hardly ever needed.
    const { openWasmPublic } = await import("./wasm-public.ts");
    return await openWasmPublic(model, { threads });
  }
}
