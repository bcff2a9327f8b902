import type * as ort from "onnxruntime-web";
import type { Tensor } from "../graph/tensor.ts";

/** The part of onnxruntime's public interface that both packages share. */
export type OrtApi = Pick<typeof ort, "InferenceSession" | "Tensor">;

/** Gives onnxruntime a tensor, without a copy. */
export function toOrt(api: OrtApi, { dtype, data, shape }: Tensor): ort.Tensor {
  const make = api.Tensor as new (
    type: string,
    data: Tensor["data"],
    dims: readonly number[],
  ) => ort.Tensor;
  if (dtype !== "float16") return new make(dtype, data, shape);
  // Where the engine has a Float16Array the class makes one of the raw bits, and the native package reads it as empty.
  return Object.assign(new make("uint16", data, shape), { type: "float16" });
}

/** Describes a tensor as onnxruntime's addon reads one, without the class's checks, which ours make twice. */
export const plainOrt = ({ dtype, data, shape }: Tensor): ort.Tensor =>
  ({ type: dtype, data, dims: shape, location: "cpu" }) as unknown as ort.Tensor;

/** Takes a tensor from onnxruntime, without a copy. */
export function fromOrt(tensor: ort.Tensor): Tensor {
  const { type, dims, data } = tensor;
  // Newer engines have a Float16Array; a Tensor holds the raw bits.
  const elements =
    type === "float16" && ArrayBuffer.isView(data)
      ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
      : data;
  return { dtype: type, shape: dims, data: elements } as Tensor;
}

/** Converts each tensor of a record. */
export const mapTensors = <From, To>(
  tensors: Readonly<Record<string, From>>,
  convert: (tensor: From) => To,
): Record<string, To> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, convert(tensor)]));
