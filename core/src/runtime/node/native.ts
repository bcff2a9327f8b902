import { EdgeloopError, messageOf } from "../../platform/errors.ts";
import type { EncodedModel } from "../model.ts";
import { infosOf } from "../ort-program.ts";
import { ortSession } from "../ort-session.ts";
import type { OrtApi } from "../ort-tensor.ts";
import { modelError } from "../runtime-errors.ts";
import type { Session } from "../session.ts";

/**
 * Opens a session on onnxruntime-node, an optional peer dependency.
 *
 * One thread unless asked otherwise, and threads that sleep instead of spinning: two spinning threads burn 60 % of two
 * cores at 20 runs a second, sleeping ones 1.5 %.
 *
 * @throws `BACKEND_UNAVAILABLE` when the package is not installed, `MODEL_INVALID`, `MODEL_UNSUPPORTED`
 */
export async function openNative(
  model: EncodedModel,
  { threads = 1 }: { readonly threads?: number },
): Promise<Session> {
  const api = await importNative();
  try {
    const session = await api.InferenceSession.create(model.bytes, {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
    return ortSession({
      api,
      session,
      backend: "native",
      inputs: model.inputs ?? infosOf(session.inputMetadata),
      outputs: model.outputs ?? infosOf(session.outputMetadata),
    });
  } catch (error) {
    throw modelError({ backend: "native", text: messageOf(error), cause: error });
  }
}

async function importNative(): Promise<OrtApi> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    throw unavailable(error);
  }
}

const unavailable = (cause: unknown): EdgeloopError =>
  new EdgeloopError(
    "BACKEND_UNAVAILABLE",
    "onnxruntime-node does not load here; install it with `npm install --ignore-scripts onnxruntime-node@1.30.0`, or use wasm",
    { cause },
  );
