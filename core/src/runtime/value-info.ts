import { dtypes } from "../graph/dtypes.ts";
import type { Dim, ValueInfo } from "../graph/graph.ts";
import type { DType } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";

/**
 * Builds what a session tells of an input or output from a runtime's metadata.
 *
 * The runtimes report rank 0 for a scalar and for an unknown rank alike; that becomes an absent shape.
 *
 * @throws `MODEL_UNSUPPORTED` for sequences, text and packed 4-bit numbers, which no session here feeds or reads.
 */
export function valueInfo(
  name: string,
  dtype: DType | undefined,
  shape: readonly Dim[],
): ValueInfo {
  if (dtype === undefined || dtypes[dtype].bits < 8) {
    throw new EdgeloopError("MODEL_UNSUPPORTED", "inputs and outputs must be tensors of numbers", {
      details: { value: name, dtype },
    });
  }
  const dims = shape.map((dim) => (dim === -1 || dim === "" ? "?" : dim));
  return dims.length === 0 ? { name, dtype } : { name, dtype, shape: dims };
}
