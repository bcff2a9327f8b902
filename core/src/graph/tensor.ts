/** Element types of tensors, in ONNX's names. */
export type DType =
  | "float32"
  | "float64"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool"
  | "string"
  | "float16"
  | "int4"
  | "uint4";

/** The array that holds a dtype's elements. `bool` is a byte an element; `float16` its raw bits; int4 is packed. */
export type DTypeArrays = {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
  readonly string: readonly string[];
  readonly float16: Uint16Array;
  readonly int4: Uint8Array;
  readonly uint4: Uint8Array;
};

/** A dense row-major array with a shape. Rank 0 is a scalar. */
export type Tensor = {
  readonly [D in DType]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: DTypeArrays[D];
  };
}[DType];

/** A tensor of one known dtype. */
export type TensorOf<D extends DType> = Extract<Tensor, { readonly dtype: D }>;

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Number of elements of a shape; 1 for a scalar. */
export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((size, dim) => size * dim, 1);

/** Makes a float32 tensor; numbers are copied, a Float32Array is not. */
export const f32 = (
  data: Float32Array | readonly number[],
  shape: readonly number[] = [data.length],
): TensorOf<"float32"> => ({
  dtype: "float32",
  shape,
  data: data instanceof Float32Array ? data : Float32Array.from(data),
});

/** Makes an int64 tensor. */
export const i64 = (
  data: readonly number[],
  shape: readonly number[] = [data.length],
): TensorOf<"int64"> => ({ dtype: "int64", shape, data: BigInt64Array.from(data, BigInt) });

/** Makes a float32 scalar. */
export const scalar = (value: number): TensorOf<"float32"> => f32([value], []);
