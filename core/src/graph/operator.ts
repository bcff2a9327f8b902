import { intOf } from "./attributes.ts";
import type { Shape } from "./dims.ts";
import { axisOf, differ } from "./dims.ts";
import type { Attribute, Dim, Node } from "./graph.ts";
import { nodeInvalid } from "./structure.ts";
import type { DType } from "./tensor.ts";

/** One integer of a value's content: a number, the name of a dimension, or unknown. */
export type Element = number | string | undefined;

/** What inference knows of a value. */
export type Known = {
  readonly dtype: DType;
  /** Absent when even the rank is unknown. */
  readonly shape?: Shape;
  /** Row-major content of a small integer value, for shape arithmetic; absent when nothing is known. */
  readonly elements?: readonly Element[];
  /** Content of a short list of floats that is a constant: scales. */
  readonly floats?: readonly number[];
};

/** Largest content that shape arithmetic follows: shapes and index lists, not data. */
export const elementsMax = 1024;

/** A node in its place: what its rule may ask. */
export type Site = {
  readonly node: Node;
  /** What is known of the inputs; undefined for one that is left out. */
  readonly inputs: readonly (Known | undefined)[];
  /** Follows a body of the node, given what is known of its inputs. Throws `GRAPH_INVALID` when it has none. */
  readonly body: (name: string, given: readonly Known[]) => readonly Known[];
};

/** A row of the operator table. */
export type Operator = {
  /** Least and largest number of inputs. */
  readonly inputs: readonly [min: number, max: number];
  /** Least and largest number of outputs. */
  readonly outputs: readonly [min: number, max: number];
  /** Attributes it may have, and their kinds. */
  readonly attributes: Readonly<Record<string, Attribute["kind"]>>;
  /** What is known of the outputs, in order. Throws `GRAPH_INVALID` naming the node. */
  readonly infer: (site: Site) => readonly Known[];
};

/** Rows by operator name. */
export type OperatorRows = Readonly<Record<string, Operator>>;

/** Takes a required input. @throws `GRAPH_INVALID` when it is left out. */
export function inputOf(site: Site, index: number): Known {
  const input = site.inputs[index];
  if (input === undefined) throw nodeInvalid(site.node, `input ${index} is required`);
  return input;
}

/** Names a dimension of the node's output that cannot be told. */
export const openDim =
  ({ node }: Site, output = 0) =>
  (axis: number): Dim =>
    `${node.outputs[output] ?? node.name}_${axis}`;

/** Builds what is known of an output, leaving out what is not. */
export const known = (dtype: DType, shape?: Shape, elements?: readonly Element[]): Known => ({
  dtype,
  ...(shape === undefined ? {} : { shape }),
  ...(elements === undefined || elements.length > elementsMax ? {} : { elements }),
});

/** Largest rank that is followed; runtimes' kernels end far below. A file may claim any. */
export const rankMax = 64;

/** A shape of a known rank without known dimensions. @throws `GRAPH_INVALID` beyond `rankMax`. */
export function openShape(site: Site, rank: number, output = 0): Shape {
  if (rank > rankMax) throw nodeInvalid(site.node, `rank ${rank} is beyond ${rankMax}`);
  return Array.from({ length: rank }, (_, axis) => openDim(site, output)(axis));
}

/** Refuses an input whose element type is not among those allowed. */
export function needDType(site: Site, index: number, allowed: readonly DType[]): DType {
  const { dtype } = inputOf(site, index);
  if (allowed.includes(dtype)) return dtype;
  throw nodeInvalid(site.node, `input ${index} is ${dtype}, expected ${allowed.join(" or ")}`);
}

/** Refuses inputs that are there and differ in element type from the first of them. */
export function needSameDType(site: Site, indices: readonly number[]): void {
  const found = indices.flatMap((index) => site.inputs[index]?.dtype ?? []);
  if (found.every((dtype) => dtype === found[0])) return;
  throw nodeInvalid(site.node, `inputs must have one dtype, not ${found.join(" and ")}`);
}

/** Refuses an input of another rank. An unknown rank passes. */
export function needRank(site: Site, index: number, rank: number): void {
  const shape = site.inputs[index]?.shape;
  if (shape !== undefined && shape.length !== rank) {
    throw nodeInvalid(site.node, `input ${index} has rank ${shape.length}, expected ${rank}`);
  }
}

/** Refuses dimensions that must be equal and are not. */
export function needEqual(site: Site, what: string, a: Dim | undefined, b: Dim | undefined): void {
  if (a !== undefined && b !== undefined && differ(a, b)) {
    throw nodeInvalid(site.node, `${what} must be equal, not ${a} and ${b}`);
  }
}

/** Reads an axis attribute, counted from the start. @throws `GRAPH_INVALID` when it is outside the rank. */
export function axisAttribute(site: Site, rank: number, fallback: number, name = "axis"): number {
  return needAxis(site, intOf(site.node, name, fallback), rank);
}

/** Counts an axis from the start. @throws `GRAPH_INVALID` when it is outside the rank. */
export function needAxis(site: Site, axis: number, rank: number): number {
  const positive = axisOf(axis, rank);
  if (positive === undefined) throw nodeInvalid(site.node, `axis ${axis} is outside rank ${rank}`);
  return positive;
}

/** The content of an integer input when all of it is known as numbers. */
export function integersOf(value: Known | undefined): readonly number[] | undefined {
  const { elements } = value ?? {};
  return elements?.every((element) => typeof element === "number") ? elements : undefined;
}

/** Element types by what operators accept. */
export const dtypeSets: {
  readonly float: readonly DType[];
  readonly integer: readonly DType[];
  readonly numeric: readonly DType[];
  readonly index: readonly DType[];
} = {
  float: ["float32", "float64", "float16"],
  integer: ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"],
  numeric: [
    ...(["float32", "float64", "float16", "int8", "uint8", "int16", "uint16"] as const),
    ...(["int32", "uint32", "int64", "uint64"] as const),
  ],
  index: ["int32", "int64"],
};
