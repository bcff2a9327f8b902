import { dtypes } from "../graph/dtypes.ts";
import type { ValueInfo } from "../graph/graph.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { bytesOf } from "../platform/bytes.ts";

/** A .tflite model in an engine's heap; shapes are fixed. */
export type TfliteProgram = {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * Runs once, in the calling thread.
   *
   * @returns All outputs, as copies.
   * @throws `RUN_FAILED`
   */
  execute(feeds: Tensors): Tensors;
  release(): void;
};

/** Copies a tensor's elements over memory of an engine. */
export function copyIn(tensor: Tensor, memory: Uint8Array): void {
  if (tensor.dtype === "string") throw new TypeError("text has no element bytes");
  memory.set(bytesOf(tensor.data));
}

/** Takes a copy of an engine's memory as the tensor that the file declares. */
export function copyOut({ dtype, shape = [] }: ValueInfo, memory: Uint8Array): Tensor {
  const { array } = dtypes[dtype];
  if (array === undefined) throw new TypeError("text has no element bytes");
  const bytes = memory.slice();
  const data = new array(bytes.buffer, 0, bytes.length / array.BYTES_PER_ELEMENT);
  return { dtype, shape, data } as Tensor;
}
