import type { OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import type { Tensor } from "../graph/tensor.ts";
import type { HeapTensor } from "./wasm-tensor.ts";
import { allocTensor, freeTensor, sameLayout, writeTensor } from "./wasm-tensor.ts";

/** Places in the heap for the inputs of a graph, kept from run to run. */
export type InputSlots = {
  /** Copies a tensor into the place of an input, a new one when its shape changed; returns the handle. */
  write(input: number, tensor: Tensor): number;
  free(): void;
};

/**
 * Makes empty slots.
 *
 * @param onNewShape Called when an input comes in another shape than before.
 */
export function inputSlots(module: OrtModule, onNewShape: () => void): InputSlots {
  const slots: (HeapTensor | undefined)[] = [];
  const place = (input: number, tensor: Tensor): HeapTensor => {
    const old = slots[input];
    if (old !== undefined && sameLayout(old, tensor)) return old;
    onNewShape();
    slots[input] = undefined;
    if (old !== undefined) freeTensor(module, old);
    const fresh = allocTensor(module, tensor);
    slots[input] = fresh;
    return fresh;
  };
  return {
    write(input, tensor) {
      const slot = place(input, tensor);
      writeTensor(module, slot, tensor);
      return slot.handle;
    },
    free() {
      for (const slot of slots) if (slot !== undefined) freeTensor(module, slot);
      slots.length = 0;
    },
  };
}
