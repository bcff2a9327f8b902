import type * as ort from "onnxruntime-web";
import type { ValueInfo } from "../graph/graph.ts";
import type { DType } from "../graph/tensor.ts";
import { messageOf } from "../platform/errors.ts";
import type { OrtApi } from "./ort-tensor.ts";
import { runError } from "./runtime-errors.ts";
import type { Backend } from "./session.ts";
import { valueInfo } from "./value-info.ts";

/** A session of that interface, and how its backend behaves. */
export type OrtProgram = {
  readonly api: OrtApi;
  readonly session: ort.InferenceSession;
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

/**
 * Runs once, with onnxruntime's errors mapped.
 *
 * @param fetches Wanted outputs; a tensor is written into where the backend can.
 * @throws `RUN_FAILED`
 */
export async function executeOrt(
  { session, backend }: OrtProgram,
  feeds: OrtTensors,
  fetches: Readonly<Record<string, ort.Tensor | null>>,
): Promise<OrtTensors> {
  try {
    return await session.run(feeds, fetches, quiet);
  } catch (error) {
    throw runError({ backend, text: messageOf(error), cause: error });
  }
}
