import type * as ort from "onnxruntime-node";
import { EdgeloopError, messageOf } from "../../platform/errors.ts";
import type { EncodedModel } from "../model.ts";
import { infosOf, publicRunnable } from "../ort-program.ts";
import { ortSession } from "../ort-session.ts";
import type { OrtApi } from "../ort-tensor.ts";
import { plainOrt, toOrt } from "../ort-tensor.ts";
import { modelError } from "../runtime-errors.ts";
import type { Session } from "../session.ts";
import type { Addon } from "./native-addon.ts";
import { nativeAddon, openOnAddon } from "./native-addon.ts";

/** How a session on native code is opened. */
export type NativeOptions = {
  readonly threads?: number;
  /** The addon to drive directly; the package's public interface when undefined. */
  readonly addon?: Addon | undefined;
};

/**
 * Opens a session on onnxruntime-node, an optional peer dependency: on its addon directly, or through its public
 * interface where that is not the expected one.
 *
 * One thread unless asked otherwise, and threads that sleep instead of spinning: two spinning threads burn 60 % of two
 * cores at 20 runs a second, sleeping ones 1.5 %.
 *
 * @throws `BACKEND_UNAVAILABLE` when the package is not installed, `MODEL_INVALID`, `MODEL_UNSUPPORTED`
 */
export async function openNative(
  model: EncodedModel,
  { threads = 1, addon = nativeAddon() }: NativeOptions,
): Promise<Session> {
  return addon === undefined
    ? await openNativePublic(model, threads)
    : openNativeAddon(model, addon, threads);
}

/** Opens a session through onnxruntime-node's public interface: the fallback of the addon, and its reference. */
export async function openNativePublic(model: EncodedModel, threads: number): Promise<Session> {
  const api = await importNative();
  try {
    const session = await api.InferenceSession.create(model.bytes, optionsOf(threads));
    return ortSession({
      feed: (tensor) => toOrt(api, tensor),
      session: publicRunnable(session),
      backend: "native",
      inputs: model.inputs ?? infosOf(session.inputMetadata),
      outputs: model.outputs ?? infosOf(session.outputMetadata),
    });
  } catch (error) {
    throw modelError({ backend: "native", text: messageOf(error), cause: error });
  }
}

function openNativeAddon(model: EncodedModel, addon: Addon, threads: number): Session {
  try {
    const { session, inputs, outputs } = openOnAddon(addon, model.bytes, optionsOf(threads));
    return ortSession({
      feed: plainOrt,
      session,
      backend: "native",
      inputs: model.inputs ?? inputs,
      outputs: model.outputs ?? outputs,
    });
  } catch (error) {
    throw modelError({ backend: "native", text: messageOf(error), cause: error });
  }
}

const optionsOf = (threads: number): ort.InferenceSession.SessionOptions => ({
  executionProviders: ["cpu"],
  // With it a second run lays all buffers out anew, beside those of the first: measured a quarter more memory, no time.
  enableMemPattern: false,
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
  extra: { session: { intra_op: { allow_spinning: "0" } } },
});

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
