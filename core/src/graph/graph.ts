import type { DType, Tensor } from "./tensor.ts";

/** A dimension: a size, or the name of one that is only known at run time (`"N"`). */
export type Dim = number | string;

/** What is known of a value before anything runs. */
export type ValueInfo = {
  readonly name: string;
  readonly dtype: DType;
  /** Absent when even the rank is unknown. */
  readonly shape?: readonly Dim[];
  /** Whether the file left the type of a body's value to inference: `dtype` says nothing then. */
  readonly isUntyped?: true;
};

/** A node's attribute, in ONNX's kinds. */
export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "tensor"; readonly value: Tensor }
  | { readonly kind: "graph"; readonly value: Graph };

/** One operator application. `""` in `inputs` or `outputs` is an optional one that is left out. */
export type Node = {
  readonly name: string;
  readonly op: string;
  /** Absent for the standard operators. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
};

/**
 * The one type that everything computes with: preprocessing, model, loss, gradients, optimizer, quantization.
 *
 * An immutable value. Nodes stand in topological order; every value name is assigned once. All graphs are of one
 * internal opset (`opsetInternal`): older forms are normalised when they are read.
 */
export type Graph = {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly Node[];
  /** Constants and weights by value name. An initialiser is not a graph input. */
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Free text that travels in the file's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/** The standard-operator set version of every `Graph`: the oldest with int4 and with axes as inputs everywhere. */
export const opsetInternal = 21;
