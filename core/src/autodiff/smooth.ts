import type { Node } from "../graph/graph.ts";
import type { DType } from "../graph/tensor.ts";

/** Tells whether a node's output can depend smoothly on its inputs: floats do, and what QuantizeLinear gives. */
export const isSmooth = ({ op }: Node, dtype: DType | undefined): boolean =>
  dtype === undefined || dtype.startsWith("float") || op === "QuantizeLinear";
