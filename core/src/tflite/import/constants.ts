import { byteLengthOf, isShape, tensorFromBytes } from "../../graph/dtypes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { sizeOf } from "../../graph/tensor.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import type { TfliteTensor } from "../model.ts";
import { dtypeOfTflite } from "../tensor-types.ts";

/**
 * Reads a tensor's constant content; undefined for one that is computed. Data refers to the file where it is aligned;
 * int4 becomes int8.
 *
 * @throws `TFLITE_INVALID` when data and shape do not fit, `TFLITE_UNSUPPORTED` for an element type that graphs lack.
 */
export function constantOf(tensor: TfliteTensor): Tensor | undefined {
  const { name, type, shape, data } = tensor;
  if (data === undefined) return undefined;
  const dtype = dtypeOfTflite(type);
  if (dtype === undefined || dtype === "string") {
    throw new EdgeloopError("TFLITE_UNSUPPORTED", `constants of ${type} are not read`, {
      details: { tensor: name, type },
    });
  }
  if (!isShape(shape) || byteLengthOf(dtype, shape) !== data.length) {
    throw new EdgeloopError("TFLITE_INVALID", "expected as many bytes as type and shape say", {
      details: { tensor: name, type, shape, bytes: data.length },
    });
  }
  return dtype === "int4" ? widenInt4(shape, data) : tensorFromBytes(dtype, shape, data);
}

/** Two values a byte, the low half first. */
function widenInt4(shape: readonly number[], data: Uint8Array): Tensor {
  const wide = Int8Array.from({ length: sizeOf(shape) }, (_, index) => {
    const byte = data[index >> 1] ?? 0;
    return ((index % 2 === 0 ? byte << 28 : byte << 24) >> 28) as number;
  });
  return { dtype: "int8", shape, data: wide };
}

/**
 * Reads a constant's integers; undefined for a tensor that is computed. One without elements has no data in a file.
 *
 * @throws As {@link constantOf}.
 */
export function integersOf(tensor: TfliteTensor): readonly number[] | undefined {
  if (sizeOf(tensor.shape) === 0) return [];
  const constant = constantOf(tensor);
  if (constant === undefined || !/^u?int/.test(constant.dtype)) return undefined;
  return Array.from<unknown, number>(constant.data, Number);
}
