import type { OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import { byteLengthOf } from "../graph/dtypes.ts";
import type { ValueInfo } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { HeapTensor } from "./wasm-tensor.ts";
import { allocTensor, freeTensor, readTensor, takeTensor } from "./wasm-tensor.ts";

/** Places in the heap for the outputs of a graph, kept from run to run. */
export type OutputSlots = {
  /** The tensor that a run writes an output into; 0 lets the runtime make one. */
  target(output: number): number;
  /** Copies an output out of the tensor that a run left it in. */
  take(output: number, handle: number): Tensor;
  /** Frees the places, because the inputs' shapes changed and so may the outputs'. */
  reset(): void;
  /** Frees the places and makes none again: an output's shape is not what the graph declares. */
  distrust(): void;
};

/** A larger output is made by the runtime each time: the microseconds that a place saves are nothing there. */
export const keptBytesMax: number = 1024 * 1024;

type Slot = { readonly layout: Pick<Tensor, "dtype" | "shape">; place?: HeapTensor };

/**
 * Makes empty slots.
 *
 * The first run with inputs of some shapes shows the outputs' shapes; the next ones write into places of these. Asking
 * the runtime for an output's type and shape, and releasing it, costs more than a small run.
 */
export function outputSlots(
  module: OrtModule,
  {
    inputs,
    outputs,
  }: { readonly inputs: readonly ValueInfo[]; readonly outputs: readonly ValueInfo[] },
): OutputSlots {
  const slots: (Slot | undefined)[] = [];
  const isFixed = foreseeable(inputs, outputs);
  const reset = (): void => {
    for (const slot of slots) if (slot?.place !== undefined) freeTensor(module, slot.place);
    slots.length = 0;
  };
  return {
    target(output) {
      const slot = slots[output];
      if (slot === undefined) return 0;
      slot.place ??= allocTensor(module, slot.layout);
      return slot.place.handle;
    },
    take(output, handle) {
      const place = slots[output]?.place;
      if (place !== undefined && place.handle === handle) return readTensor(module, place);
      const tensor = takeTensor(module, handle);
      if (isFixed[output] && byteLengthOf(tensor.dtype, tensor.shape) <= keptBytesMax) {
        slots[output] = { layout: { dtype: tensor.dtype, shape: tensor.shape } };
      }
      return tensor;
    },
    reset,
    distrust() {
      reset();
      isFixed.fill(false);
    },
  };
}

/** Tells which outputs have a shape that the inputs' shapes decide: no dimension that only the data does. */
function foreseeable(inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): boolean[] {
  const given = new Set<number | string>(inputs.flatMap(({ shape = [] }) => shape));
  given.delete("?"); // What has no name is not known to be the same twice.
  return outputs.map(
    ({ shape }) => shape?.every((dim) => typeof dim === "number" || given.has(dim)) ?? false,
  );
}

/**
 * Runs what may write into kept places; a model whose declared output shapes are not the real ones runs once more
 * without, and never again with.
 *
 * The runtime checks the shape of a place before it writes there, and says so in these words.
 */
export function withPlaces<T>(slots: OutputSlots, execute: () => T): T {
  try {
    return execute();
  } catch (error) {
    if (
      !(
        error instanceof EdgeloopError &&
        /pre-allocated output OrtValues|OrtValue shape verification/.test(error.message)
      )
    )
      throw error;
    slots.distrust();
    return execute();
  }
}
