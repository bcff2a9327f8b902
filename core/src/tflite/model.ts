/** Element types of a .tflite file that edgeloop reads; others are named and refused where they are used. */
export type TfliteType =
  | "float32"
  | "float16"
  | "int32"
  | "uint8"
  | "int64"
  | "string"
  | "bool"
  | "int16"
  | "complex64"
  | "int8"
  | "float64"
  | "complex128"
  | "uint64"
  | "resource"
  | "variant"
  | "uint32"
  | "uint16"
  | "int4"
  | "bfloat16"
  | "int2"
  | "uint4"
  | "float8e4m3fn"
  | "float8e5m2";

/** What integers of a tensor mean: `scale · (integer − zeroPoint)`. */
export type TfliteQuantization = {
  /** One for the tensor, or one an index of `axis`. */
  readonly scales: readonly number[];
  /** As many as scales. */
  readonly zeroPoints: readonly number[];
  /** Dimension that several scales run along; 0 when there is one scale. */
  readonly axis: number;
};

/** A value of a subgraph. */
export type TfliteTensor = {
  readonly name: string;
  readonly type: TfliteType;
  readonly shape: readonly number[];
  /** The shape with -1 for a size that is only known at run time; absent when the file gives none. */
  readonly shapeSignature?: readonly number[];
  /** Element bytes, little-endian: a view of the file. Absent for what is computed. */
  readonly data?: Uint8Array;
  readonly quantization?: TfliteQuantization;
  /** Keeps its content from run to run. */
  readonly isVariable: boolean;
};

/** A setting of an operator: a number, a flag, the name of an enumeration's member, text, or numbers. */
export type TfliteOption = number | boolean | string | readonly number[];

/** Settings of an operator by the schema's names. */
export type TfliteOptions = Readonly<Record<string, TfliteOption>>;

/** One operator application. */
export type TfliteOperator = {
  /** The schema's name, such as `CONV_2D`; `CUSTOM` for one outside the schema. */
  readonly op: string;
  /** Name of a custom operator. */
  readonly custom?: string;
  readonly version: number;
  /** Indices of tensors; -1 for an optional one that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Indices of tensors that the operator uses within itself: an LSTM's scales. */
  readonly intermediates?: readonly number[];
  /** Settings of the operator. Reading a file gives every one, with its default where the file has none. */
  readonly options: TfliteOptions;
  /** What a custom operator reads. */
  readonly customOptions?: Uint8Array;
};

/** One graph of a file; the first is the model, others are bodies of control flow. */
export type TfliteSubgraph = {
  readonly name: string;
  readonly tensors: readonly TfliteTensor[];
  /** Indices of tensors. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** In the order in which they run. */
  readonly operators: readonly TfliteOperator[];
};

/** A tensor under the name that callers use. */
export type TfliteBinding = { readonly name: string; readonly tensor: number };

/** A way to call a model by names. */
export type TfliteSignature = {
  readonly key: string;
  readonly subgraph: number;
  readonly inputs: readonly TfliteBinding[];
  readonly outputs: readonly TfliteBinding[];
};

/** What a .tflite file holds, as plain data. */
export type TfliteModel = {
  readonly description: string;
  readonly subgraphs: readonly TfliteSubgraph[];
  /** Bytes by name: the least runtime version that reads the file, and what tools add. */
  readonly metadata: readonly { readonly name: string; readonly data: Uint8Array }[];
  readonly signatures: readonly TfliteSignature[];
};
