import type { OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import { byteLengthOf, dtypeOfOnnx, dtypes } from "../graph/dtypes.ts";
import type { Tensor } from "../graph/tensor.ts";
import { sizeOf } from "../graph/tensor.ts";
import { bytesOf } from "../platform/bytes.ts";
import { runError } from "./runtime-errors.ts";
import { lastError } from "./wasm-engine.ts";

type AnyLayout = Pick<Tensor, "dtype" | "shape">;

/** A tensor whose elements stay in the runtime's heap. */
export type HeapTensor = {
  readonly handle: number;
  readonly address: number;
  readonly dtype: Tensor["dtype"];
  readonly shape: readonly number[];
};

const onCpu = 1;

/** Reserves a tensor in the heap; its elements are whatever the heap held. */
export function allocTensor(module: OrtModule, { dtype, shape }: AnyLayout): HeapTensor {
  const bytes = byteLengthOf(dtype, shape);
  const address = module._malloc(Math.max(bytes, 1));
  const stack = module.stackSave();
  const dims = module.stackAlloc(4 * Math.max(shape.length, 1));
  for (const [axis, dim] of shape.entries()) module.HEAP32[(dims >> 2) + axis] = dim;
  const handle =
    address === 0
      ? 0
      : module._OrtCreateTensor(dtypes[dtype].onnx, address, bytes, dims, shape.length, onCpu);
  module.stackRestore(stack);
  if (handle !== 0) return { handle, address, dtype, shape };
  module._free(address);
  const text = address === 0 ? `no memory for a tensor of ${bytes} bytes` : lastError(module);
  throw runError({ backend: "wasm", text });
}

/** Frees a tensor and its elements. */
export function freeTensor(module: OrtModule, { handle, address }: HeapTensor): void {
  module._OrtReleaseTensor(handle);
  module._free(address);
}

/** Tells whether a tensor fits the place of another. */
export function sameLayout(a: AnyLayout, b: AnyLayout): boolean {
  if (a.dtype !== b.dtype || a.shape.length !== b.shape.length) return false;
  for (let axis = 0; axis < a.shape.length; axis += 1) {
    if (a.shape[axis] !== b.shape[axis]) return false;
  }
  return true;
}

/** Copies elements into the heap. */
export function writeTensor(module: OrtModule, to: HeapTensor, from: Tensor): void {
  if (from.dtype === "string") return;
  module.HEAPU8.set(bytesOf(from.data), to.address);
}

/** Copies a tensor out of the heap. */
export const readTensor = (module: OrtModule, from: HeapTensor): Tensor =>
  copyOut(module, from, from.address);

/** Copies out a tensor that the runtime made, and releases it. */
export function takeTensor(module: OrtModule, handle: number): Tensor {
  try {
    const { address, ...layout } = describeTensor(module, handle);
    return copyOut(module, layout, address);
  } finally {
    module._OrtReleaseTensor(handle);
  }
}

/** Copies the elements of one tensor of the heap into another of the same layout. */
export function copyTensor(module: OrtModule, from: number, to: number): void {
  const [source, target] = [describeTensor(module, from), describeTensor(module, to)];
  if (!sameLayout(source, target)) {
    throw runError({ backend: "wasm", text: "an output has another shape than its place" });
  }
  const bytes = byteLengthOf(source.dtype, source.shape);
  module.HEAPU8.copyWithin(target.address, source.address, source.address + bytes);
}

type Layout = {
  readonly dtype: Exclude<Tensor["dtype"], "string">;
  readonly shape: readonly number[];
};

/** Asks the runtime where a tensor is and what it holds. */
function describeTensor(module: OrtModule, handle: number): Layout & { readonly address: number } {
  const stack = module.stackSave();
  try {
    const at = module.stackAlloc(16);
    if (module._OrtGetTensorData(handle, at, at + 4, at + 8, at + 12) !== 0) {
      throw runError({ backend: "wasm", text: lastError(module) });
    }
    // Indexed, not sliced: views of shared memory are slow to make, and this runs for every output.
    const words = module.HEAPU32;
    const word = (index: number): number => words[index] ?? 0;
    const first = at >> 2;
    const dims = word(first + 2);
    const rank = word(first + 3);
    const shape: number[] = [];
    for (let axis = 0; axis < rank; axis += 1) shape.push(word((dims >> 2) + axis));
    module._OrtFree(dims);
    const dtype = dtypeOfOnnx(word(first));
    if (dtype !== undefined && dtype !== "string") {
      return { dtype, shape, address: word(first + 1) };
    }
    throw runError({ backend: "wasm", text: `an output is of ONNX's element type ${word(first)}` });
  } finally {
    module.stackRestore(stack);
  }
}

/** What every typed array's constructor does, and a union of them cannot say: a copy through `slice` costs more. */
type CopyOf = new (elements: object) => Tensor["data"];

function copyOut(module: OrtModule, { dtype, shape }: AnyLayout, address: number): Tensor {
  const { array } = dtypes[dtype];
  if (array === undefined)
    throw runError({ backend: "wasm", text: "text has no elements to copy" });
  // The heap is shared memory that may be replaced when it grows: the view is fresh, the copy is ordinary memory.
  const view = new array(module.HEAPU8.buffer, address, sizeOf(shape));
  return { dtype, shape, data: new (array as unknown as CopyOf)(view) } as Tensor;
}
