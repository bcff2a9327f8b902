import type * as ort from "onnxruntime-web";
import type { ValueInfo } from "../graph/graph.ts";
import type { DType, Tensor } from "../graph/tensor.ts";
import { messageOf } from "../platform/errors.ts";
import { runError } from "./runtime-errors.ts";
import type { Backend } from "./session.ts";
import { valueInfo } from "./value-info.ts";

/** What of a session of onnxruntime's runs and ends. */
export type OrtRunnable = {
  /** Computes the fetches that are named; a tensor among them is written into where the backend can. */
  run(
    feeds: OrtTensors,
    fetches: Readonly<Record<string, ort.Tensor | null>>,
  ): OrtTensors | Promise<OrtTensors>;
  release(): void | Promise<void>;
  /** Brings a tensor's elements from the device; absent where they always are in memory. */
  download?(tensor: ort.Tensor): Promise<void>;
};

/** A session of onnxruntime's, and how its backend behaves. */
export type OrtProgram = {
  /** Makes what the session takes of a tensor, without a copy. */
  readonly feed: (tensor: Tensor) => ort.Tensor;
  readonly session: OrtRunnable;
  readonly backend: Backend;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
};

/** Tensors of onnxruntime by name. */
export type OrtTensors = Readonly<Record<string, ort.Tensor>>;

/** Reads a session's declarations. */
export const infosOf = (
  metadata: readonly ort.InferenceSession.ValueMetadata[],
): readonly ValueInfo[] =>
  metadata.map((value) =>
    value.isTensor
      ? valueInfo(value.name, value.type as DType, value.shape)
      : valueInfo(value.name, undefined, []),
  );

// Errors come back as exceptions, and must not be printed on top.
const quiet = { logSeverityLevel: 4 } as const;

/** Runs through the packages' public interface. */
export const publicRunnable = (session: ort.InferenceSession): OrtRunnable => ({
  run: (feeds, fetches) => session.run(feeds, fetches, quiet),
  release: () => session.release(),
});

/**
 * Runs once, with onnxruntime's errors mapped.
 *
 * @throws `RUN_FAILED`
 */
export async function executeOrt(
  { session, backend }: OrtProgram,
  feeds: OrtTensors,
  fetches: Readonly<Record<string, ort.Tensor | null>>,
): Promise<OrtTensors> {
  try {
    return await session.run(feeds, fetches);
  } catch (error) {
    throw runError({ backend, text: messageOf(error), cause: error });
  }
}
