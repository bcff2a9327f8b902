import { messageOf } from "../platform/errors.ts";
import type { EncodedModel } from "./model.ts";
import { infosOf, publicRunnable } from "./ort-program.ts";
import { ortSession } from "./ort-session.ts";
import { toOrt } from "./ort-tensor.ts";
import { modelError } from "./runtime-errors.ts";
import type { Session } from "./session.ts";

/**
 * Opens a session through onnxruntime-web's public interface: the fallback of the direct binding, and its reference.
 *
 * @throws `MODEL_INVALID`, `MODEL_UNSUPPORTED`
 */
export async function openWasmPublic(
  model: EncodedModel,
  { threads }: { readonly threads: number },
): Promise<Session> {
  const api = await import("onnxruntime-web");
  api.env.wasm.numThreads = threads;
  api.env.logLevel = "fatal";
  try {
    const session = await api.InferenceSession.create(model.bytes, {
      executionProviders: ["wasm"],
      logSeverityLevel: 4,
    });
    return ortSession({
      feed: (tensor) => toOrt(api, tensor),
      session: publicRunnable(session),
      backend: "wasm",
      inputs: model.inputs ?? infosOf(session.inputMetadata),
      outputs: model.outputs ?? infosOf(session.outputMetadata),
    });
  } catch (error) {
    throw modelError({ backend: "wasm", text: messageOf(error), cause: error });
  }
}
