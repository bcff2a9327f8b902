import type { DType } from "../graph/tensor.ts";
import type { TfliteType } from "./model.ts";

/** `TensorType` of the schema, in its order. */
export const tfliteTypes: readonly TfliteType[] = [
  ...(["float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16"] as const),
  ...(["complex64", "int8", "float64", "complex128", "uint64", "resource", "variant"] as const),
  ...(["uint32", "uint16", "int4", "bfloat16", "int2", "uint4"] as const),
  ...(["float8e4m3fn", "float8e5m2"] as const),
];

const shared: readonly (TfliteType & DType)[] = [
  ...(["float32", "float16", "float64", "bool"] as const),
  ...(["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"] as const),
  ...(["int4", "uint4"] as const),
];

/** The element type of a graph's tensor that holds a .tflite tensor's elements; undefined when there is none. */
export const dtypeOfTflite = (type: TfliteType): DType | undefined =>
  shared.find((dtype) => dtype === type);
